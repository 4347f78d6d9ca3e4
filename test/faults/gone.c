/* The library that missingdep.c needs. */
__attribute__((visibility("default"))) int keymoot_gone(void) { return 0; }
