// A PKCS#11 module that hands everything on to a real one, counts it, and fails as a test orders.
//
// From the environment:
//   PRIVYSEAL_REAL_MODULE  the module behind it
//   PRIVYSEAL_SHIM         a file that holds a ShimControl (shim.h makes it)
//
// Handles are the shim's own. Sessions are numbered from 1 after each C_Initialize, as SoftHSM does: a handle
// that was kept from before may name another's session. Objects are numbered in the order in which they are
// found after a restart of the token, so that an old handle names another object, or none.
#include <dlfcn.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <tuple>
#include <vector>

#include "tests/support/shim_control.h"

namespace {

using privyseal::test::kEverySessionFunction;
using privyseal::test::kNoFunction;
using privyseal::test::shim_function;
using privyseal::test::ShimControl;

CK_FUNCTION_LIST* real = nullptr;
CK_FUNCTION_LIST shim;
ShimControl* control = nullptr;

// Held shared by every call, and alone while sessions are taken away: SoftHSM would use what it has freed.
std::shared_mutex life;
std::atomic<std::uint64_t> restarts_done = 0;  // this and the next change with `life` held alone
std::atomic<std::uint64_t> renumberings_done = 0;

struct Handles {
  CK_SESSION_HANDLE last_session = 0;
  std::map<CK_SESSION_HANDLE, CK_SESSION_HANDLE> sessions;  // ours to the real one
  std::map<CK_SESSION_HANDLE, CK_RV> faulty;
  std::vector<CK_OBJECT_HANDLE> objects;  // ours is the index, plus one
};
std::mutex handles_mutex;
Handles handles;
CK_SLOT_ID last_slot = 0;

void sleep_for(std::uint32_t microseconds) {
  if (microseconds != 0) std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
}

/// One of the `left` that were ordered; each is taken by one call only.
bool take_one(std::atomic<std::int64_t>& left) {
  std::int64_t now = left;
  while (now > 0)
    if (left.compare_exchange_weak(now, now - 1)) return true;
  return now < 0;
}

bool matches(std::int32_t ordered, std::int32_t function, bool has_session) {
  if (ordered == function) return true;
  return ordered == kEverySessionFunction && has_session && function != shim_function("C_CloseSession");
}

void hang_if_ordered(std::int32_t function, bool has_session) {
  if (!matches(control->hang_function, function, has_session)) return;
  const std::uint64_t releases = control->releases;
  if (!take_one(control->hang_left)) return;
  ++control->hanging;
  while (control->releases == releases) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  --control->hanging;
}

void forget_sessions() {
  const std::lock_guard lock(handles_mutex);
  handles.sessions.clear();
  handles.faulty.clear();
  handles.objects.clear();
  control->open_sessions = 0;
}

void restart_if_ordered() {
  if (control->restarts == restarts_done && control->renumberings == renumberings_done) return;
  const std::lock_guard alone(life);
  if (control->renumberings != renumberings_done) {
    renumberings_done = control->renumberings.load();
    const std::lock_guard lock(handles_mutex);
    handles.objects.clear();
  }
  if (control->restarts == restarts_done) return;
  restarts_done = control->restarts.load();
  real->C_CloseAllSessions(last_slot);  // SoftHSM logs out with the last session
  forget_sessions();
}

bool is_away() { return control->is_absent || control->is_gone_until_finalised; }

/// CKR_OK: nothing is wrong.
CK_RV ordered_fault(std::int32_t function, bool has_session, CK_SESSION_HANDLE session) {
  if (control->fault_ends == function) {
    control->fault_function = kNoFunction;
    control->fault_ends = kNoFunction;
  }
  if (has_session && function != shim_function("C_CloseSession")) {
    const std::lock_guard lock(handles_mutex);
    if (const auto found = handles.faulty.find(session); found != handles.faulty.end()) return found->second;
  }
  if (matches(control->fault_function, function, has_session) && !take_one(control->fault_spares) &&
      take_one(control->fault_left)) {
    const std::lock_guard lock(handles_mutex);
    if (has_session && control->fault_stays) handles.faulty[session] = control->fault_value;
    return control->fault_value;
  }
  if (!is_away()) return CKR_OK;
  if (has_session) return CKR_DEVICE_REMOVED;
  const bool needs_token =
      function == shim_function("C_OpenSession") || function == shim_function("C_GetTokenInfo");
  return needs_token ? CKR_TOKEN_NOT_PRESENT : CKR_OK;
}

CK_RV real_session(CK_SESSION_HANDLE& session) {
  const std::lock_guard lock(handles_mutex);
  const auto found = handles.sessions.find(session);
  if (found == handles.sessions.end()) return CKR_SESSION_HANDLE_INVALID;
  session = found->second;
  return CKR_OK;
}

CK_RV real_object(CK_OBJECT_HANDLE& object, bool is_key) {
  const std::lock_guard lock(handles_mutex);
  if (object == 0 || object > handles.objects.size())
    return is_key ? CKR_KEY_HANDLE_INVALID : CKR_OBJECT_HANDLE_INVALID;
  object = handles.objects[object - 1];
  return CKR_OK;
}

void make_ours(CK_OBJECT_HANDLE& object) {
  const std::lock_guard lock(handles_mutex);
  const auto found = std::ranges::find(handles.objects, object);
  const auto index = found - handles.objects.begin();
  if (found == handles.objects.end()) handles.objects.push_back(object);
  object = static_cast<CK_OBJECT_HANDLE>(index) + 1;
}

/// The handles among the arguments become the real ones.
template <bool kHasSession, std::size_t kObjectAt, class... Parameters>
CK_RV make_real([[maybe_unused]] std::tuple<Parameters...>& arguments) {
  if constexpr (kHasSession) {
    if (const CK_RV value = real_session(std::get<0>(arguments)); value != CKR_OK) return value;
  }
  if constexpr (kObjectAt != 0) {
    if (const CK_RV value = real_object(std::get<kObjectAt>(arguments), kObjectAt == 2); value != CKR_OK)
      return value;
  }
  return CKR_OK;
}

template <std::int32_t kFunction, auto kMember, bool kHasSession, std::size_t kObjectAt,
          class Type = decltype(kMember)>
struct Through;

template <std::int32_t kFunction, auto kMember, bool kHasSession, std::size_t kObjectAt, class... Parameters>
struct Through<kFunction, kMember, kHasSession, kObjectAt, CK_RV (*CK_FUNCTION_LIST::*)(Parameters...)> {
  static CK_RV call(Parameters... parameters) {
    std::tuple<Parameters...> arguments(parameters...);
    CK_SESSION_HANDLE session = 0;
    if constexpr (kHasSession) session = std::get<0>(arguments);
    ++control->calls[static_cast<std::size_t>(kFunction)];
    sleep_for(control->call_microseconds);
    hang_if_ordered(kFunction, kHasSession);
    restart_if_ordered();
    const std::shared_lock alive(life);
    if (const CK_RV fault = ordered_fault(kFunction, kHasSession, session); fault != CKR_OK) return fault;
    if (const CK_RV value = make_real<kHasSession, kObjectAt>(arguments); value != CKR_OK) return value;
    return std::apply(real->*kMember, arguments);
  }
};

#define CALL(name, session, object) \
  Through<shim_function(#name), &CK_FUNCTION_LIST::name, session != 0, object>::call

CK_RV finalize(void* reserved) {
  ++control->calls[shim_function("C_Finalize")];
  hang_if_ordered(shim_function("C_Finalize"), false);
  const std::lock_guard alone(life);
  if (const CK_RV fault = ordered_fault(shim_function("C_Finalize"), false, 0); fault != CKR_OK) return fault;
  const CK_RV value = real->C_Finalize(reserved);
  forget_sessions();
  handles.last_session = 0;
  if (!control->is_absent) control->is_gone_until_finalised = false;
  return value;
}

CK_RV slot_list(CK_BBOOL with_token, CK_SLOT_ID* slots, CK_ULONG* count) {
  const CK_RV value = CALL(C_GetSlotList, 0, 0)(with_token, slots, count);
  if (value == CKR_OK && with_token == CK_TRUE && is_away()) *count = 0;
  return value;
}

CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void* application, CK_NOTIFY notify,
                   CK_SESSION_HANDLE* session) {
  sleep_for(control->open_microseconds);
  const CK_RV value = CALL(C_OpenSession, 0, 0)(slot, flags, application, notify, session);
  if (value != CKR_OK) return value;
  const std::lock_guard lock(handles_mutex);
  last_slot = slot;
  handles.sessions[++handles.last_session] = *session;
  *session = handles.last_session;
  if (take_one(control->fault_new_sessions)) handles.faulty[*session] = control->fault_value;
  const std::int64_t open = ++control->open_sessions;
  if (open > control->most_sessions) control->most_sessions = open;
  return value;
}

CK_RV close_session(CK_SESSION_HANDLE session) {
  const CK_RV value = CALL(C_CloseSession, 1, 0)(session);
  const std::lock_guard lock(handles_mutex);
  handles.faulty.erase(session);
  if (handles.sessions.erase(session) != 0) --control->open_sessions;
  return value;
}

/// True: the token has just logged everybody out, as it was told to.
bool logs_out_at(std::int32_t function, CK_SESSION_HANDLE session) {
  if (control->logout_function != function || !take_one(control->logouts)) return false;
  CALL(C_Logout, 1, 0)(session);
  return true;
}

CK_RV find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE* wanted, CK_ULONG count) {
  logs_out_at(shim_function("C_FindObjectsInit"), session);
  return CALL(C_FindObjectsInit, 1, 0)(session, wanted, count);
}

CK_RV find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE* objects, CK_ULONG most, CK_ULONG* count) {
  const CK_RV value = CALL(C_FindObjects, 1, 0)(session, objects, most, count);
  if (value == CKR_OK) std::for_each_n(objects, *count, make_ours);
  return value;
}

CK_RV generate_key_pair(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_ATTRIBUTE* public_template,
                        CK_ULONG public_count, CK_ATTRIBUTE* private_template, CK_ULONG private_count,
                        CK_OBJECT_HANDLE* public_key, CK_OBJECT_HANDLE* private_key) {
  const CK_RV value = CALL(C_GenerateKeyPair, 1, 0)(session, mechanism, public_template, public_count,
                                                    private_template, private_count, public_key, private_key);
  if (value != CKR_OK) return value;
  make_ours(*public_key);
  make_ours(*private_key);
  return value;
}

CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG length, CK_BYTE* signature,
           CK_ULONG* signature_length) {
  sleep_for(control->sign_microseconds);
  if (logs_out_at(shim_function("C_Sign"), session)) {
    ++control->calls[shim_function("C_Sign")];
    return CKR_USER_NOT_LOGGED_IN;
  }
  const CK_RV value = CALL(C_Sign, 1, 0)(session, data, length, signature, signature_length);
  if (value == CKR_OK && take_one(control->flips)) signature[0] ^= 1;
  return value;
}

bool map_control() {
  const char* file = std::getenv("PRIVYSEAL_SHIM");
  const int fd = file == nullptr ? -1 : ::open(file, O_RDWR | O_CLOEXEC);
  if (fd < 0) return false;
  void* mapped = ::mmap(nullptr, sizeof(ShimControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (mapped == MAP_FAILED) return false;
  control = static_cast<ShimControl*>(mapped);
  control->open_sessions = 0;  // another process's are gone
  restarts_done = control->restarts.load();
  renumberings_done = control->renumberings.load();
  return true;
}

bool load_real_module() {
  const char* file = std::getenv("PRIVYSEAL_REAL_MODULE");
  void* library = file == nullptr ? nullptr : ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return false;
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
  return get != nullptr && get(&real) == CKR_OK;
}

}  // namespace

extern "C" CK_RV C_GetFunctionList(CK_FUNCTION_LIST** functions) {
  if (!map_control() || !load_real_module()) return CKR_GENERAL_ERROR;
  shim = *real;
#define REPLACE(name, session, object) shim.name = CALL(name, session, object);
  PRIVYSEAL_PKCS11_FUNCTIONS(REPLACE)
#undef REPLACE
  shim.C_Finalize = finalize;
  shim.C_GetSlotList = slot_list;
  shim.C_OpenSession = open_session;
  shim.C_CloseSession = close_session;
  shim.C_FindObjectsInit = find_objects_init;
  shim.C_FindObjects = find_objects;
  shim.C_GenerateKeyPair = generate_key_pair;
  shim.C_Sign = sign;
  *functions = &shim;
  return CKR_OK;
}
