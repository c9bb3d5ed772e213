/// A PKCS#11 module: the shared object that talks to a token.
///
/// Every C_ function is called through `call` or `call_in`, and nowhere else, so that there is one place
/// where calls are counted and return values become errors.
///
/// Threads: any, once loaded; the module is told to lock by itself (CKF_OS_LOCKING_OK).
/// Ownership: copies share the one module. It must outlive its sessions. It is never unloaded, nor finalised
/// at process end: there a module's own teardown runs in an order that nobody controls, and SoftHSM crashes
/// in it. The kernel takes everything back.
#pragma once

#include <p11-kit/pkcs11.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "firmware/base/result.h"
#include "hsm/pkcs11/call_counter.h"
#include "hsm/pkcs11/error.h"
#include "hsm/pkcs11/function.h"
#include "hsm/pkcs11/quirks.h"
#include "hsm/pkcs11_uri.h"

namespace privyseal::pkcs11 {

class Module {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Loads and initialises it; once per process and module. `parameters`: what some modules want to be told
  /// by C_Initialize (NSS softoken: where its files are); with most it must be empty. kUnavailable: no such
  /// file, no PKCS#11 module, or it does not initialise.
  [[nodiscard]] static Result<Module> load(const std::filesystem::path& file,
                                           const std::string& parameters = {});

  /// The one doorway: `module.call("C_GetInfo", &CK_FUNCTION_LIST::C_GetInfo, ...)`.
  template <class... Parameters>
  [[nodiscard]] Outcome<void> call(Function name, CK_RV (*CK_FUNCTION_LIST::*function)(Parameters...),
                                   std::type_identity_t<Parameters>... arguments) const {
    const std::shared_lock alive(state_->life);
    return call_locked(name, function, arguments...);
  }

  /// As `call`, for what belongs to one initialisation (a session, and what was found through it). When the
  /// module was initialised anew meanwhile the answer is CKR_SESSION_HANDLE_INVALID and nothing is called:
  /// modules count handles from the start again, so the old handle may be somebody else's session now.
  template <class... Parameters>
  [[nodiscard]] Outcome<void> call_in(std::uint64_t initialisation, Function name,
                                      CK_RV (*CK_FUNCTION_LIST::*function)(Parameters...),
                                      std::type_identity_t<Parameters>... arguments) const {
    const std::shared_lock alive(state_->life);
    if (initialisation != state_->initialisation) return fail_call(name.name(), CKR_SESSION_HANDLE_INVALID);
    return call_locked(name, function, arguments...);
  }

  /// C_Finalize and C_Initialize: all sessions, log-ins and handles are gone. Waits for the calls under way.
  /// kUnavailable: one of them has not returned at `until`, or the module does not initialise.
  [[nodiscard]] Outcome<void> initialise_again(Time until) const;
  /// Grows with each of these.
  [[nodiscard]] std::uint64_t initialisation() const { return state_->initialisation; }

  [[nodiscard]] const Quirks& quirks() const { return *state_->quirks; }
  [[nodiscard]] std::vector<CallCount> call_counts() const { return state_->counter.counts(); }

  /// All slots that hold a token.
  [[nodiscard]] Outcome<std::vector<CK_SLOT_ID>> slots() const;
  [[nodiscard]] Outcome<CK_TOKEN_INFO> token_info(CK_SLOT_ID slot) const;

  /// The slot of this token now. kNotFound: there is none. kConflict: more than one.
  [[nodiscard]] Outcome<CK_SLOT_ID> find_token(const TokenName& name) const;
  [[nodiscard]] Outcome<CK_SLOT_ID> find_token(std::string_view label) const;
  /// A slot whose token nobody has initialised yet. kNotFound: none.
  [[nodiscard]] Outcome<CK_SLOT_ID> find_blank_token() const;

 private:
  struct State {
    CK_FUNCTION_LIST* functions;
    std::string parameters;
    const Quirks* quirks = &kQuirks.back();
    std::shared_mutex life;  ///< shared by every call; alone while the module is initialised anew
    std::atomic<std::uint64_t> initialisation{1};
    CallCounter counter;
  };

  Module(CK_FUNCTION_LIST* functions, std::string parameters) : state_(std::make_shared<State>()) {
    state_->functions = functions;
    state_->parameters = std::move(parameters);
  }

  template <class... Parameters>
  Outcome<void> call_locked(Function name, CK_RV (*CK_FUNCTION_LIST::*function)(Parameters...),
                            std::type_identity_t<Parameters>... arguments) const {
    if (state_->functions->*function == nullptr) return fail_call(name.name(), CKR_FUNCTION_NOT_SUPPORTED);
    const Time begin = std::chrono::steady_clock::now();
    const CK_RV value = (state_->functions->*function)(arguments...);
    state_->counter.count(name, value != CKR_OK, std::chrono::steady_clock::now() - begin);
    if (value != CKR_OK) return fail_call(name.name(), value);
    return {};
  }
  [[nodiscard]] Outcome<void> initialise() const;

  std::shared_ptr<State> state_;
};

/// PKCS#11 pads texts with blanks.
[[nodiscard]] std::string label_of(const CK_TOKEN_INFO& info);
/// "MANUFACTURER, MODEL"; what is not printable ASCII becomes '?'.
[[nodiscard]] std::string description_of(const CK_TOKEN_INFO& info);

}  // namespace privyseal::pkcs11
