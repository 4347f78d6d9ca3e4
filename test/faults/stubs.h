/* A whole function list that can do nothing: for modules that are only there to fail in one place. */
#ifndef STUBS_H
#define STUBS_H

#include "pkcs11-min.h"

#define P11_STUB(name, parameters, arguments) \
  static CK_RV stub_##name parameters { \
    return CKR_FUNCTION_NOT_SUPPORTED; \
  }
P11_FUNCTIONS(P11_STUB, P11_STUB, P11_STUB)

#define P11_STUB_ENTRY(name, parameters, arguments) .name = stub_##name,
#define STUB_LIST {.version = {2, 40}, P11_FUNCTIONS(P11_STUB_ENTRY, P11_STUB_ENTRY, P11_STUB_ENTRY)}

#endif
