/* A module whose C_Initialize writes through a wild pointer. */
#include <stdint.h>
#include <stdlib.h>

#include "stubs.h"

static CK_RV crash(void *init) {
  (void)init;
  static volatile uintptr_t nowhere = 8;
  *(volatile int *)nowhere = 1;
  abort();
}

static CK_FUNCTION_LIST list = STUB_LIST;

P11_EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST **out) {
  list.C_Initialize = crash;
  *out = &list;
  return CKR_OK;
}
