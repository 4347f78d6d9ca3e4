/*
 * As much of PKCS#11 2.40 as a module needs that forwards every call: the types in a parameter list, and the function list in the
 * order that the ABI fixes. Written for these tests from the standard's text; not a general header.
 *
 * P11_FUNCTIONS names each function once, in order:
 *   PLAIN(name, (parameters), (arguments))
 *   OUT(name, (parameters), (arguments))   the last two parameters are `out` and `out_len`, bytes and their count
 *   OWN(name, (parameters), (arguments))   a forwarding module has more to do here than to pass on
 */
#ifndef PKCS11_MIN_H
#define PKCS11_MIN_H

typedef unsigned char CK_BYTE;
typedef unsigned long CK_ULONG; /* 8 bytes on 64-bit Linux and macOS */
typedef CK_ULONG CK_RV;

#define CKR_OK 0x00UL
#define CKR_GENERAL_ERROR 0x05UL
#define CKR_DEVICE_REMOVED 0x32UL
#define CKR_FUNCTION_NOT_SUPPORTED 0x54UL
#define CKR_BUFFER_TOO_SMALL 0x150UL

#define CKA_MODULUS_BITS 0x121UL
#define CKA_VALUE_LEN 0x161UL

typedef struct {
  CK_ULONG type;
  void *value;
  CK_ULONG value_len;
} CK_ATTRIBUTE;

typedef struct {
  CK_ULONG mechanism;
  void *parameter;
  CK_ULONG parameter_len;
} CK_MECHANISM;

typedef struct {
  CK_BYTE major, minor;
} CK_VERSION;

typedef struct {
  CK_BYTE label[32], manufacturer[32], model[16], serial[16];
  CK_ULONG flags;
  /* What follows is only passed on. */
} CK_TOKEN_INFO;

struct p11_function_list;

/* Session and object handles, slots, user types, flags and mechanism types are all CK_ULONG; other structures that are only passed on are void. */
#define P11_FUNCTIONS(PLAIN, OUT, OWN) \
  PLAIN(C_Initialize, (void *init), (init)) \
  PLAIN(C_Finalize, (void *reserved), (reserved)) \
  PLAIN(C_GetInfo, (void *info), (info)) \
  OWN(C_GetFunctionList, (struct p11_function_list **list), (list)) \
  OWN(C_GetSlotList, (CK_BYTE present, CK_ULONG *slots, CK_ULONG *count), (present, slots, count)) \
  PLAIN(C_GetSlotInfo, (CK_ULONG slot, void *info), (slot, info)) \
  OWN(C_GetTokenInfo, (CK_ULONG slot, CK_TOKEN_INFO *info), (slot, info)) \
  PLAIN(C_GetMechanismList, (CK_ULONG slot, CK_ULONG *list, CK_ULONG *count), (slot, list, count)) \
  PLAIN(C_GetMechanismInfo, (CK_ULONG slot, CK_ULONG type, void *info), (slot, type, info)) \
  PLAIN(C_InitToken, (CK_ULONG slot, CK_BYTE *pin, CK_ULONG pin_len, CK_BYTE *label), (slot, pin, pin_len, label)) \
  PLAIN(C_InitPIN, (CK_ULONG session, CK_BYTE *pin, CK_ULONG pin_len), (session, pin, pin_len)) \
  PLAIN(C_SetPIN, (CK_ULONG session, CK_BYTE *old, CK_ULONG old_len, CK_BYTE *pin, CK_ULONG pin_len), (session, old, old_len, pin, pin_len)) \
  PLAIN(C_OpenSession, (CK_ULONG slot, CK_ULONG flags, void *app, void *notify, CK_ULONG *session), (slot, flags, app, notify, session)) \
  PLAIN(C_CloseSession, (CK_ULONG session), (session)) \
  PLAIN(C_CloseAllSessions, (CK_ULONG slot), (slot)) \
  PLAIN(C_GetSessionInfo, (CK_ULONG session, void *info), (session, info)) \
  OUT(C_GetOperationState, (CK_ULONG session, CK_BYTE *out, CK_ULONG *out_len), (session, out, out_len)) \
  PLAIN(C_SetOperationState, (CK_ULONG session, CK_BYTE *state, CK_ULONG state_len, CK_ULONG enc, CK_ULONG auth), (session, state, state_len, enc, auth)) \
  PLAIN(C_Login, (CK_ULONG session, CK_ULONG user, CK_BYTE *pin, CK_ULONG pin_len), (session, user, pin, pin_len)) \
  PLAIN(C_Logout, (CK_ULONG session), (session)) \
  OWN(C_CreateObject, (CK_ULONG session, CK_ATTRIBUTE *attrs, CK_ULONG count, CK_ULONG *object), (session, attrs, count, object)) \
  PLAIN(C_CopyObject, (CK_ULONG session, CK_ULONG object, CK_ATTRIBUTE *attrs, CK_ULONG count, CK_ULONG *copy), (session, object, attrs, count, copy)) \
  PLAIN(C_DestroyObject, (CK_ULONG session, CK_ULONG object), (session, object)) \
  PLAIN(C_GetObjectSize, (CK_ULONG session, CK_ULONG object, CK_ULONG *size), (session, object, size)) \
  OWN(C_GetAttributeValue, (CK_ULONG session, CK_ULONG object, CK_ATTRIBUTE *attrs, CK_ULONG count), (session, object, attrs, count)) \
  PLAIN(C_SetAttributeValue, (CK_ULONG session, CK_ULONG object, CK_ATTRIBUTE *attrs, CK_ULONG count), (session, object, attrs, count)) \
  PLAIN(C_FindObjectsInit, (CK_ULONG session, CK_ATTRIBUTE *attrs, CK_ULONG count), (session, attrs, count)) \
  PLAIN(C_FindObjects, (CK_ULONG session, CK_ULONG *objects, CK_ULONG most, CK_ULONG *count), (session, objects, most, count)) \
  PLAIN(C_FindObjectsFinal, (CK_ULONG session), (session)) \
  PLAIN(C_EncryptInit, (CK_ULONG session, CK_MECHANISM *mechanism, CK_ULONG key), (session, mechanism, key)) \
  OUT(C_Encrypt, (CK_ULONG session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len), (session, in, in_len, out, out_len)) \
  OUT(C_EncryptUpdate, (CK_ULONG session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len), (session, in, in_len, out, out_len)) \
  OUT(C_EncryptFinal, (CK_ULONG session, CK_BYTE *out, CK_ULONG *out_len), (session, out, out_len)) \
  PLAIN(C_DecryptInit, (CK_ULONG session, CK_MECHANISM *mechanism, CK_ULONG key), (session, mechanism, key)) \
  OUT(C_Decrypt, (CK_ULONG session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len), (session, in, in_len, out, out_len)) \
  OUT(C_DecryptUpdate, (CK_ULONG session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len), (session, in, in_len, out, out_len)) \
  OUT(C_DecryptFinal, (CK_ULONG session, CK_BYTE *out, CK_ULONG *out_len), (session, out, out_len)) \
  PLAIN(C_DigestInit, (CK_ULONG session, CK_MECHANISM *mechanism), (session, mechanism)) \
  OUT(C_Digest, (CK_ULONG session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len), (session, in, in_len, out, out_len)) \
  PLAIN(C_DigestUpdate, (CK_ULONG session, CK_BYTE *in, CK_ULONG in_len), (session, in, in_len)) \
  PLAIN(C_DigestKey, (CK_ULONG session, CK_ULONG key), (session, key)) \
  OUT(C_DigestFinal, (CK_ULONG session, CK_BYTE *out, CK_ULONG *out_len), (session, out, out_len)) \
  PLAIN(C_SignInit, (CK_ULONG session, CK_MECHANISM *mechanism, CK_ULONG key), (session, mechanism, key)) \
  OUT(C_Sign, (CK_ULONG session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len), (session, in, in_len, out, out_len)) \
  PLAIN(C_SignUpdate, (CK_ULONG session, CK_BYTE *in, CK_ULONG in_len), (session, in, in_len)) \
  OUT(C_SignFinal, (CK_ULONG session, CK_BYTE *out, CK_ULONG *out_len), (session, out, out_len)) \
  PLAIN(C_SignRecoverInit, (CK_ULONG session, CK_MECHANISM *mechanism, CK_ULONG key), (session, mechanism, key)) \
  OUT(C_SignRecover, (CK_ULONG session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len), (session, in, in_len, out, out_len)) \
  PLAIN(C_VerifyInit, (CK_ULONG session, CK_MECHANISM *mechanism, CK_ULONG key), (session, mechanism, key)) \
  PLAIN(C_Verify, (CK_ULONG session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *sig, CK_ULONG sig_len), (session, in, in_len, sig, sig_len)) \
  PLAIN(C_VerifyUpdate, (CK_ULONG session, CK_BYTE *in, CK_ULONG in_len), (session, in, in_len)) \
  PLAIN(C_VerifyFinal, (CK_ULONG session, CK_BYTE *sig, CK_ULONG sig_len), (session, sig, sig_len)) \
  PLAIN(C_VerifyRecoverInit, (CK_ULONG session, CK_MECHANISM *mechanism, CK_ULONG key), (session, mechanism, key)) \
  OUT(C_VerifyRecover, (CK_ULONG session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len), (session, in, in_len, out, out_len)) \
  OUT(C_DigestEncryptUpdate, (CK_ULONG session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len), (session, in, in_len, out, out_len)) \
  OUT(C_DecryptDigestUpdate, (CK_ULONG session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len), (session, in, in_len, out, out_len)) \
  OUT(C_SignEncryptUpdate, (CK_ULONG session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len), (session, in, in_len, out, out_len)) \
  OUT(C_DecryptVerifyUpdate, (CK_ULONG session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len), (session, in, in_len, out, out_len)) \
  OWN(C_GenerateKey, (CK_ULONG session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *attrs, CK_ULONG count, CK_ULONG *key), (session, mechanism, attrs, count, key)) \
  OWN(C_GenerateKeyPair, (CK_ULONG session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *pub, CK_ULONG pub_count, CK_ATTRIBUTE *priv, CK_ULONG priv_count, CK_ULONG *public_key, CK_ULONG *private_key), (session, mechanism, pub, pub_count, priv, priv_count, public_key, private_key)) \
  OUT(C_WrapKey, (CK_ULONG session, CK_MECHANISM *mechanism, CK_ULONG wrapping, CK_ULONG key, CK_BYTE *out, CK_ULONG *out_len), (session, mechanism, wrapping, key, out, out_len)) \
  OWN(C_UnwrapKey, (CK_ULONG session, CK_MECHANISM *mechanism, CK_ULONG unwrapping, CK_BYTE *in, CK_ULONG in_len, CK_ATTRIBUTE *attrs, CK_ULONG count, CK_ULONG *key), (session, mechanism, unwrapping, in, in_len, attrs, count, key)) \
  OWN(C_DeriveKey, (CK_ULONG session, CK_MECHANISM *mechanism, CK_ULONG base, CK_ATTRIBUTE *attrs, CK_ULONG count, CK_ULONG *key), (session, mechanism, base, attrs, count, key)) \
  PLAIN(C_SeedRandom, (CK_ULONG session, CK_BYTE *seed, CK_ULONG seed_len), (session, seed, seed_len)) \
  OWN(C_GenerateRandom, (CK_ULONG session, CK_BYTE *random, CK_ULONG random_len), (session, random, random_len)) \
  PLAIN(C_GetFunctionStatus, (CK_ULONG session), (session)) \
  PLAIN(C_CancelFunction, (CK_ULONG session), (session)) \
  PLAIN(C_WaitForSlotEvent, (CK_ULONG flags, CK_ULONG *slot, void *reserved), (flags, slot, reserved))

#define P11_MEMBER(name, parameters, arguments) CK_RV (*name) parameters;
typedef struct p11_function_list {
  CK_VERSION version;
  P11_FUNCTIONS(P11_MEMBER, P11_MEMBER, P11_MEMBER)
} CK_FUNCTION_LIST;

#define P11_INDEX(name, parameters, arguments) INDEX_##name,
enum { P11_FUNCTIONS(P11_INDEX, P11_INDEX, P11_INDEX) P11_FUNCTION_COUNT };
_Static_assert(P11_FUNCTION_COUNT == 68, "PKCS#11 2.40 has 68 functions");

#define P11_EXPORT __attribute__((visibility("default")))

#endif
