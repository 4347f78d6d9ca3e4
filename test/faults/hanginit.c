/* A module whose C_Initialize never returns. */
#include <unistd.h>

#include "stubs.h"

static CK_RV hang(void *init) {
  (void)init;
  for (;;) pause();
  return CKR_GENERAL_ERROR;
}

static CK_FUNCTION_LIST list = STUB_LIST;

P11_EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST **out) {
  list.C_Initialize = hang;
  *out = &list;
  return CKR_OK;
}
