/* A shared library that loads and has nothing to do with PKCS#11. */
__attribute__((visibility("default"))) int keymoot_is_not_a_module(void) { return 42; }
