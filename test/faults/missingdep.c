/* A library that needs another one, which the build takes away again. */
extern int keymoot_gone(void);
__attribute__((visibility("default"))) int C_GetFunctionList(void) { return keymoot_gone(); }
