/*
 * A PKCS#11 module that forwards every call to another one and misbehaves on command.
 *
 * KEYMOOT_FAULTS_FORWARD  path of the real module
 * KEYMOOT_FAULTS_CONTROL  path of the control file, read again at each call; README.md describes its lines
 * KEYMOOT_FAULTS_LOG      path of a file that gets the name of every call, one a line, before anything else happens
 *
 * Where a process gets no such variables, lines NAME=VALUE in a file beside the module, named as it is and then `.faults`, stand for them.
 *
 * Nothing is remembered between processes; within one, each function counts its calls from 1.
 */
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pkcs11-min.h"

#define MAX_LINE 4096
#define MAX_VALUE 1024
#define MAX_RULES 64
#define MAX_ATTRIBUTES 64

enum when { BEFORE, AFTER };
enum action { HANG, CRASH, EXIT, RETURN, ATTRIBUTE, TEMPLATE, SUBSTITUTE, GARBAGE, FLAGS, REMOVE };

struct rule {
  enum action action;
  enum when when;
  long number; /* milliseconds, return value, exit code, length, difference or flags */
  CK_ULONG type;
  CK_BYTE value[MAX_VALUE];
  CK_ULONG value_len;
};

struct rules {
  int count;
  struct rule at[MAX_RULES];
};

#define P11_NAME(name, parameters, arguments) #name,
static const char *const NAMES[] = {P11_FUNCTIONS(P11_NAME, P11_NAME, P11_NAME)};

static CK_FUNCTION_LIST *real;
static unsigned long calls[P11_FUNCTION_COUNT];
static int removed;

/* A control file with a mistake would make a test pass for the wrong reason: it ends the process by name. */
static void mistake(const char *what, const char *line) {
  fprintf(stderr, "faulty module: %s: %s\n", what, line);
  _exit(97);
}

/* The library's own process starts with a short environment, so what is missing there is read from beside us. */
__attribute__((constructor)) static void settings(void) {
  Dl_info self;
  char line[MAX_LINE];
  if (dladdr((void *)&removed, &self) == 0 || self.dli_fname == NULL) return;
  if (snprintf(line, sizeof line, "%s.faults", self.dli_fname) >= (int)sizeof line) return;
  FILE *file = fopen(line, "re");
  if (file == NULL) return;
  while (fgets(line, sizeof line, file) != NULL) {
    char *value = strchr(line, '=');
    line[strcspn(line, "\n")] = '\0';
    if (value == NULL) mistake("not NAME=VALUE", line);
    *value++ = '\0';
    setenv(line, value, 0);
  }
  fclose(file);
}

static void log_line(const char *text) {
  const char *path = getenv("KEYMOOT_FAULTS_LOG");
  char line[80];
  if (path == NULL) return;
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return;
  int length = snprintf(line, sizeof line, "%s\n", text);
  if (write(fd, line, (size_t)length) != length) mistake("the log can not be written", path);
  close(fd);
}

static long number(const char *word, const char *line) {
  char *end;
  if (word == NULL) mistake("a number is missing", line);
  errno = 0;
  long value = strtol(word, &end, 0);
  if (errno != 0 || *word == '\0' || *end != '\0') mistake("not a number", word);
  return value;
}

static void bytes(struct rule *rule, const char *word, const char *line) {
  size_t digits = word == NULL ? 0 : strlen(word);
  if (digits % 2 != 0 || digits / 2 > MAX_VALUE) mistake("not bytes in hex", line);
  for (size_t i = 0; i < digits / 2; i++) {
    unsigned byte;
    if (sscanf(word + 2 * i, "%2x", &byte) != 1) mistake("not bytes in hex", line);
    rule->value[i] = (CK_BYTE)byte;
  }
  rule->value_len = digits / 2;
}

/* "3" is the third call only, "3+" the third and all later ones, "*" all of them. */
static int applies(const char *nth, unsigned long call, const char *line) {
  char *end;
  if (nth == NULL) mistake("which call is missing", line);
  if (strcmp(nth, "*") == 0) return 1;
  unsigned long wanted = strtoul(nth, &end, 10);
  if (wanted == 0 || (*end != '\0' && strcmp(end, "+") != 0)) mistake("not a count of calls", line);
  return call == wanted || (*end == '+' && call > wanted);
}

static void parse_action(struct rule *rule, const char *word, char **rest, const char *line) {
  const char *first = strtok_r(NULL, " \t", rest);
  const char *second = strtok_r(NULL, " \t", rest);
  memset(rule, 0, sizeof *rule);
  if (word == NULL) mistake("the action is missing", line);
  if (strcmp(word, "hang-before") == 0 || strcmp(word, "hang-after") == 0) {
    rule->action = HANG;
    rule->number = first == NULL ? 0 : number(first, line);
  } else if (strcmp(word, "crash") == 0 || strcmp(word, "crash-after") == 0) {
    rule->action = CRASH;
  } else if (strcmp(word, "exit") == 0 || strcmp(word, "exit-after") == 0) {
    rule->action = EXIT;
    rule->number = number(first, line);
  } else if (strcmp(word, "return") == 0 || strcmp(word, "return-after") == 0) {
    rule->action = RETURN;
    rule->number = number(first, line);
  } else if (strcmp(word, "attr") == 0 || strcmp(word, "template") == 0) {
    rule->action = word[0] == 'a' ? ATTRIBUTE : TEMPLATE;
    rule->type = (CK_ULONG)number(first, line);
    bytes(rule, second, line);
  } else if (strcmp(word, "lie-local") == 0) {
    rule->action = ATTRIBUTE;
    rule->type = 0x163; /* CKA_LOCAL */
    rule->value_len = 1;
  } else if (strcmp(word, "substitute") == 0) {
    rule->action = SUBSTITUTE;
    rule->number = number(first, line);
  } else if (strcmp(word, "garbage") == 0) {
    rule->action = GARBAGE;
    rule->number = first == NULL ? -1 : number(first, line);
  } else if (strcmp(word, "flags") == 0) {
    rule->action = FLAGS;
    rule->number = number(first, line);
  } else if (strcmp(word, "remove") == 0) {
    rule->action = REMOVE;
  } else {
    mistake("no such action", line);
  }
  size_t length = strlen(word);
  rule->when = length > 6 && strcmp(word + length - 6, "-after") == 0 ? AFTER : BEFORE;
  if (rule->action == ATTRIBUTE || rule->action == GARBAGE) rule->when = AFTER;
}

static int known(const char *name) {
  if (strcmp(name, "*") == 0) return 1;
  for (int i = 0; i < P11_FUNCTION_COUNT; i++)
    if (strcmp(name, NAMES[i]) == 0) return 1;
  return 0;
}

static void read_rules(int index, unsigned long call, struct rules *rules) {
  const char *path = getenv("KEYMOOT_FAULTS_CONTROL");
  char line[MAX_LINE], whole[MAX_LINE];
  rules->count = 0;
  FILE *file = path == NULL ? NULL : fopen(path, "re");
  if (file == NULL) return;
  while (fgets(line, sizeof line, file) != NULL) {
    char *rest;
    line[strcspn(line, "\r\n")] = '\0';
    strcpy(whole, line);
    const char *name = strtok_r(line, " \t", &rest);
    if (name == NULL || name[0] == '#') continue;
    if (!known(name)) mistake("no such function", whole);
    const char *nth = strtok_r(NULL, " \t", &rest);
    if (strcmp(name, "*") != 0 && strcmp(name, NAMES[index]) != 0) continue;
    if (!applies(nth, call, whole)) continue;
    if (rules->count == MAX_RULES) mistake("too many rules", whole);
    parse_action(&rules->at[rules->count++], strtok_r(NULL, " \t", &rest), &rest, whole);
  }
  fclose(file);
}

static void hang(long milliseconds) {
  if (milliseconds <= 0)
    for (;;) pause();
  struct timespec left = {milliseconds / 1000, (milliseconds % 1000) * 1000000L};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

/* A real fault, not a signal that is sent: what a handler may look at is as after a wild pointer. */
static void crash(void) {
  static volatile uintptr_t nowhere = 8;
  *(volatile int *)nowhere = 1;
  abort();
}

/* Returns 1 when `rv` is the answer and the real module is not to be asked, or its answer is not to be told. */
static int misbehave(const struct rules *rules, enum when when, CK_RV *rv) {
  int decided = 0;
  for (int i = 0; i < rules->count; i++) {
    const struct rule *rule = &rules->at[i];
    if (rule->when != when) continue;
    switch (rule->action) {
      case HANG:
        if (when == AFTER) log_line("# hanging"); /* the real module is done: whoever waits for that need not guess */
        hang(rule->number);
        break;
      case CRASH: crash(); break;
      case EXIT: exit((int)rule->number);
      case REMOVE: removed = 1; break;
      case RETURN:
        *rv = (CK_RV)rule->number;
        decided = 1;
        break;
      default: break;
    }
  }
  return decided;
}

/* What still works on a device that was pulled out: whatever asks the library and not the token. */
static int gone(int index, CK_RV *rv) {
  if (!removed) return 0;
  if (index == INDEX_C_Initialize || index == INDEX_C_Finalize || index == INDEX_C_GetInfo ||
      index == INDEX_C_GetSlotList || index == INDEX_C_WaitForSlotEvent)
    return 0;
  *rv = CKR_DEVICE_REMOVED;
  return 1;
}

static int begin(int index, struct rules *rules, CK_RV *rv) {
  unsigned long call = __atomic_add_fetch(&calls[index], 1, __ATOMIC_SEQ_CST);
  log_line(NAMES[index]);
  read_rules(index, call, rules);
  if (misbehave(rules, BEFORE, rv)) return 1;
  return gone(index, rv);
}

static CK_RV end(const struct rules *rules, CK_RV rv) {
  misbehave(rules, AFTER, &rv);
  return rv;
}

/* Fills what was written with a pattern and reports another length. */
static void spoil(const struct rules *rules, CK_BYTE *out, CK_ULONG *out_len) {
  for (int i = 0; i < rules->count; i++) {
    if (rules->at[i].action != GARBAGE || out == NULL || out_len == NULL) continue;
    memset(out, 0xa5, *out_len);
    *out_len += (CK_ULONG)rules->at[i].number;
  }
}

/* Reports other values; one that does not fit is answered as the standard asks, so that a caller who does it right is not harmed. */
static CK_RV lie(const struct rules *rules, CK_ATTRIBUTE *attrs, CK_ULONG count, CK_RV rv) {
  for (int i = 0; i < rules->count; i++) {
    const struct rule *rule = &rules->at[i];
    for (CK_ULONG j = 0; j < count; j++) {
      if (rule->action == GARBAGE && attrs[j].value != NULL && attrs[j].value_len != (CK_ULONG)-1)
        attrs[j].value_len += (CK_ULONG)rule->number;
      if (rule->action != ATTRIBUTE || attrs[j].type != rule->type) continue;
      if (attrs[j].value != NULL && attrs[j].value_len < rule->value_len) {
        attrs[j].value_len = (CK_ULONG)-1;
        rv = CKR_BUFFER_TOO_SMALL;
        continue;
      }
      if (attrs[j].value != NULL) memcpy(attrs[j].value, rule->value, rule->value_len);
      attrs[j].value_len = rule->value_len;
    }
  }
  return rv;
}

/* A copy of a template with other values in it; `length_type` is the attribute that "substitute" means. */
static CK_ATTRIBUTE *forge(const struct rules *rules, const CK_ATTRIBUTE *attrs, CK_ULONG count,
                           CK_ULONG length_type, CK_ATTRIBUTE *copy, CK_ULONG *length) {
  if (count > MAX_ATTRIBUTES) mistake("the template is too long", "");
  for (CK_ULONG j = 0; j < count; j++) {
    copy[j] = attrs[j];
    for (int i = 0; i < rules->count; i++) {
      const struct rule *rule = &rules->at[i];
      if (rule->action == TEMPLATE && attrs[j].type == rule->type) {
        copy[j].value = (void *)rule->value;
        copy[j].value_len = rule->value_len;
      }
      if (rule->action == SUBSTITUTE && attrs[j].type == length_type) {
        *length = (CK_ULONG)rule->number;
        copy[j].value = length;
        copy[j].value_len = sizeof *length;
      }
    }
  }
  return copy;
}

#define FORWARD(name, parameters, arguments) \
  static CK_RV faulty_##name parameters { \
    struct rules rules; \
    CK_RV rv; \
    if (begin(INDEX_##name, &rules, &rv)) return rv; \
    return end(&rules, real->name arguments); \
  }
#define FORWARD_OUT(name, parameters, arguments) \
  static CK_RV faulty_##name parameters { \
    struct rules rules; \
    CK_RV rv; \
    if (begin(INDEX_##name, &rules, &rv)) return rv; \
    rv = real->name arguments; \
    if (rv == CKR_OK) spoil(&rules, out, out_len); \
    return end(&rules, rv); \
  }

#define WRITTEN_BELOW(name, parameters, arguments) static CK_RV faulty_##name parameters;

P11_FUNCTIONS(FORWARD, FORWARD_OUT, WRITTEN_BELOW)

#define P11_ENTRY(name, parameters, arguments) .name = faulty_##name,
static CK_FUNCTION_LIST faulty = {.version = {2, 40}, P11_FUNCTIONS(P11_ENTRY, P11_ENTRY, P11_ENTRY)};

static CK_RV faulty_C_GetFunctionList(CK_FUNCTION_LIST **list) {
  struct rules rules;
  CK_RV rv;
  if (begin(INDEX_C_GetFunctionList, &rules, &rv)) return rv;
  const char *path = getenv("KEYMOOT_FAULTS_FORWARD");
  CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
  if (real == NULL) {
    void *library = path == NULL ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) mistake("the real module does not load", path == NULL ? "KEYMOOT_FAULTS_FORWARD is not set" : dlerror());
    *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (get == NULL || get(&real) != CKR_OK || real == NULL) mistake("the real module has no function list", path);
  }
  *list = &faulty;
  return end(&rules, CKR_OK);
}

P11_EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list) { return faulty_C_GetFunctionList(list); }

static CK_RV faulty_C_GetSlotList(CK_BYTE present, CK_ULONG *slots, CK_ULONG *count) {
  struct rules rules;
  CK_RV rv;
  if (begin(INDEX_C_GetSlotList, &rules, &rv)) return rv;
  rv = real->C_GetSlotList(present, slots, count);
  if (removed && rv == CKR_OK) *count = 0;
  return end(&rules, rv);
}

static CK_RV faulty_C_GetTokenInfo(CK_ULONG slot, CK_TOKEN_INFO *info) {
  struct rules rules;
  CK_RV rv;
  if (begin(INDEX_C_GetTokenInfo, &rules, &rv)) return rv;
  rv = real->C_GetTokenInfo(slot, info);
  for (int i = 0; i < rules.count; i++)
    if (rules.at[i].action == FLAGS && rv == CKR_OK) info->flags |= (CK_ULONG)rules.at[i].number;
  return end(&rules, rv);
}

static CK_RV faulty_C_GetAttributeValue(CK_ULONG session, CK_ULONG object, CK_ATTRIBUTE *attrs, CK_ULONG count) {
  struct rules rules;
  CK_RV rv;
  if (begin(INDEX_C_GetAttributeValue, &rules, &rv)) return rv;
  rv = real->C_GetAttributeValue(session, object, attrs, count);
  return end(&rules, lie(&rules, attrs, count, rv));
}

static CK_RV faulty_C_GenerateRandom(CK_ULONG session, CK_BYTE *random, CK_ULONG random_len) {
  struct rules rules;
  CK_RV rv;
  if (begin(INDEX_C_GenerateRandom, &rules, &rv)) return rv;
  rv = real->C_GenerateRandom(session, random, random_len);
  for (int i = 0; i < rules.count; i++)
    if (rules.at[i].action == GARBAGE && random != NULL) memset(random, 0, random_len);
  return end(&rules, rv);
}

static CK_RV faulty_C_CreateObject(CK_ULONG session, CK_ATTRIBUTE *attrs, CK_ULONG count, CK_ULONG *object) {
  struct rules rules;
  CK_ATTRIBUTE copy[MAX_ATTRIBUTES];
  CK_ULONG length;
  CK_RV rv;
  if (begin(INDEX_C_CreateObject, &rules, &rv)) return rv;
  attrs = forge(&rules, attrs, count, CKA_VALUE_LEN, copy, &length);
  return end(&rules, real->C_CreateObject(session, attrs, count, object));
}

static CK_RV faulty_C_GenerateKey(CK_ULONG session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *attrs, CK_ULONG count,
                                  CK_ULONG *key) {
  struct rules rules;
  CK_ATTRIBUTE copy[MAX_ATTRIBUTES];
  CK_ULONG length;
  CK_RV rv;
  if (begin(INDEX_C_GenerateKey, &rules, &rv)) return rv;
  attrs = forge(&rules, attrs, count, CKA_VALUE_LEN, copy, &length);
  return end(&rules, real->C_GenerateKey(session, mechanism, attrs, count, key));
}

static CK_RV faulty_C_GenerateKeyPair(CK_ULONG session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *pub, CK_ULONG pub_count,
                                      CK_ATTRIBUTE *priv, CK_ULONG priv_count, CK_ULONG *public_key,
                                      CK_ULONG *private_key) {
  struct rules rules;
  CK_ATTRIBUTE pub_copy[MAX_ATTRIBUTES], priv_copy[MAX_ATTRIBUTES];
  CK_ULONG pub_length, priv_length;
  CK_RV rv;
  if (begin(INDEX_C_GenerateKeyPair, &rules, &rv)) return rv;
  pub = forge(&rules, pub, pub_count, CKA_MODULUS_BITS, pub_copy, &pub_length);
  priv = forge(&rules, priv, priv_count, CKA_MODULUS_BITS, priv_copy, &priv_length);
  return end(&rules, real->C_GenerateKeyPair(session, mechanism, pub, pub_count, priv, priv_count, public_key, private_key));
}

static CK_RV faulty_C_UnwrapKey(CK_ULONG session, CK_MECHANISM *mechanism, CK_ULONG unwrapping, CK_BYTE *in,
                                CK_ULONG in_len, CK_ATTRIBUTE *attrs, CK_ULONG count, CK_ULONG *key) {
  struct rules rules;
  CK_ATTRIBUTE copy[MAX_ATTRIBUTES];
  CK_ULONG length;
  CK_RV rv;
  if (begin(INDEX_C_UnwrapKey, &rules, &rv)) return rv;
  attrs = forge(&rules, attrs, count, CKA_VALUE_LEN, copy, &length);
  return end(&rules, real->C_UnwrapKey(session, mechanism, unwrapping, in, in_len, attrs, count, key));
}

static CK_RV faulty_C_DeriveKey(CK_ULONG session, CK_MECHANISM *mechanism, CK_ULONG base, CK_ATTRIBUTE *attrs,
                                CK_ULONG count, CK_ULONG *key) {
  struct rules rules;
  CK_ATTRIBUTE copy[MAX_ATTRIBUTES];
  CK_ULONG length;
  CK_RV rv;
  if (begin(INDEX_C_DeriveKey, &rules, &rv)) return rv;
  attrs = forge(&rules, attrs, count, CKA_VALUE_LEN, copy, &length);
  return end(&rules, real->C_DeriveKey(session, mechanism, base, attrs, count, key));
}
