#include "hsm/keyd/token.h"

#include <algorithm>
#include <cstdlib>

#include "firmware/base/file.h"
#include "firmware/base/log.h"
#include "hsm/keyd/token_files.h"

namespace privyseal::keyd {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{25};
constexpr milliseconds kLongestPause{250};  // a token that is back is in use again within a second
constexpr std::chrono::seconds kFlapping{
    5};  // lost again so soon: not at once, or it would go round and round
constexpr std::chrono::seconds kForCallsToReturn{1};
constexpr std::chrono::seconds kMostWithHungCalls{60};

milliseconds longer(milliseconds pause) { return std::clamp(pause * 2, kFirstPause, kLongestPause); }

[[noreturn]] void end_keyd(std::string_view why, std::size_t hung_calls) {
  log_event(LogLevel::kAlert, "token-hangs",
            {{"why", why}, {"calls", hung_calls}, {"what", "keyd ends, to be started anew"}});
  std::_Exit(1);  // nothing of a module that hangs can be taken down in order
}

}  // namespace

Result<std::unique_ptr<Token>> Token::open(const Settings& settings) {
  std::optional<std::filesystem::path> files;
  if (settings.softhsm_conf) {
    auto folder = softhsm_token_folder(*settings.softhsm_conf);
    if (!folder) return std::unexpected(folder.error());
    files = std::move(*folder);
  }
  if (auto allowed = PinRefusal(settings.state, settings.pin_file).check(); !allowed)
    return std::unexpected(allowed.error());
  if (files)
    if (auto guarded = guard_token_objects(*files, settings.state); !guarded)
      return std::unexpected(guarded.error());
  auto module = pkcs11::Module::load(settings.module, settings.module_parameters);
  if (!module) return std::unexpected(module.error());
  if (module->quirks().keeps_unsynced_files && !files)
    return fail(ErrorCode::kInvalid,
                "pkcs11.softhsm_conf is not set, and this module's token files need care");
  std::unique_ptr<Token> token(new Token(*module, settings, std::move(files)));
  if (auto there = token->bring_back(pkcs11::Cure::kLogIn); !there) return std::unexpected(there.error());
  const auto info = token->module_.token_info(token->slot_);
  if (!info) return std::unexpected(info.error());
  token->description_ = pkcs11::description_of(*info);
  token->tender_ = std::thread([&all = *token] { all.tend(); });
  return token;
}

Token::Token(pkcs11::Module module, const Settings& settings, std::optional<std::filesystem::path> files)
    : module_(std::move(module)),
      name_(settings.token),
      pin_file_(settings.pin_file),
      pin_refusal_(settings.state, settings.pin_file),
      files_(std::move(files)) {}

Token::~Token() {
  gate_.close();
  if (tender_.joinable()) tender_.join();
  if (lasting_) lasting_->leave_open();
}

pkcs11::Outcome<Token::Opened> Token::open_session() {
  auto session = pkcs11::Session::open(module_, slot_, pkcs11::Session::Mode::kReadWrite);
  if (!session) return std::unexpected(session.error());
  const auto logged_in = session->is_logged_in();
  if (!logged_in) return std::unexpected(logged_in.error());
  return Opened{.session = std::move(*session), .is_logged_in = *logged_in};
}

Result<void> Token::make_durable() const {
  if (!files_) return {};
  return sync_tree(*files_);
}

void Token::tend() {
  milliseconds pause{0};
  Time back_at{};
  while (const auto loss = gate_.wait_for_loss()) {
    const Time lost_at = std::chrono::steady_clock::now();
    lost_since_ = lost_at.time_since_epoch().count();
    log_event(LogLevel::kError, "token-lost", {{"why", loss->why}});
    pause = lost_at - back_at < kFlapping ? longer(pause) : milliseconds(0);
    pkcs11::Cure cure = loss->cure;
    std::string last_why;
    for (;; pause = longer(pause)) {
      if (!gate_.pause(pause)) return;
      const auto back = bring_back(cure);
      if (back) break;
      cure = after(back.error());
      if (last_why != back.error().message)
        log_event(LogLevel::kError, "token-not-back", {{"why", back.error().message}});
      last_why = back.error().message;
    }
    back_at = std::chrono::steady_clock::now();
    lost_since_ = 0;
    gate_.is_back();
    const auto away = std::chrono::duration_cast<milliseconds>(back_at - lost_at);
    log_event(LogLevel::kNotice, "token-back", {{"after_ms", away.count()}});
  }
}

pkcs11::Cure Token::after(const Error& failed) {
  if (failed.code != ErrorCode::kDenied) return pkcs11::Cure::kReinitialise;
  gate_.refuses_pin(failed);  // until another PIN file is there, the token is not even asked
  return pkcs11::Cure::kLogIn;
}

Result<void> Token::bring_back(pkcs11::Cure cure) {
  bringing_since_ = std::chrono::steady_clock::now().time_since_epoch().count();
  auto outcome = try_to_bring_back(cure);
  bringing_since_ = 0;
  return outcome;
}

Result<void> Token::try_to_bring_back(pkcs11::Cure cure) {
  if (auto allowed = pin_refusal_.check(); !allowed) return allowed;
  if (cure == pkcs11::Cure::kReinitialise) {
    if (!module_.quirks().can_be_initialised_again)
      end_keyd("this module needs a new process", gate_.hung_calls());
    const auto until = std::chrono::steady_clock::now() + kForCallsToReturn;
    if (auto again = module_.initialise_again(until); !again) return std::unexpected(again.error());
  }
  const auto slot = module_.find_token(name_);
  if (!slot) return std::unexpected(slot.error());
  slot_ = *slot;
  auto opened = open_session();
  if (!opened) return std::unexpected(opened.error());
  if (!opened->is_logged_in)
    if (auto done = log_in(opened->session); !done) return done;
  lasting_ = std::move(opened->session);
  return {};
}

Result<void> Token::log_in(const pkcs11::Session& session) {
  const auto tried = pin_refusal_.identity();
  if (!tried) return std::unexpected(tried.error());
  auto pin = read_secret_file(pin_file_);
  if (!pin) return std::unexpected(pin.error());
  if (const auto now = pin_refusal_.identity(); !now || *now != *tried)
    return fail(ErrorCode::kUnavailable, pin_file_.string() + ": it was replaced just now");
  // Nobody ends keyd in a log-in, however long it takes: SoftHSM may lose its token by that.
  bringing_since_ = 0;
  const auto done = session.login(CKU_USER, *pin);
  bringing_since_ = std::chrono::steady_clock::now().time_since_epoch().count();
  if (done || done.error().value == CKR_USER_ALREADY_LOGGED_IN) return {};
  if (done.error().code != ErrorCode::kDenied) return std::unexpected(done.error());
  log_event(LogLevel::kAlert, "pin-refused", {{"by", "token"}, {"why", done.error().message}});
  if (auto recorded = pin_refusal_.record(*tried); !recorded)
    log_event(LogLevel::kAlert, "pin-refusal-not-recorded", {{"why", recorded.error().message}});
  return std::unexpected(done.error());
}

void Token::end_if_hopeless(std::size_t most) {
  const std::size_t hung = gate_.hung_calls();
  if (hung > most) end_keyd("too many calls do not return", hung);
  const auto is_long_ago = [now = std::chrono::steady_clock::now()](Time::rep since) {
    return since != 0 && now - Time(Time::duration(since)) >= kMostWithHungCalls;
  };
  if (is_long_ago(bringing_since_)) end_keyd("a call that is to bring the token back does not return", hung);
  if (is_long_ago(lost_since_) && hung != 0) end_keyd("the token was lost while calls do not return", hung);
}

void Token::log_call_counts() const {
  for (const pkcs11::CallCount& one : module_.call_counts())
    log_event(LogLevel::kInfo, "token-calls",
              {{"function", one.function},
               {"calls", one.calls},
               {"failed", one.failures},
               {"mean_us", one.mean.count()},
               {"longest_us", one.longest.count()}});
}

}  // namespace privyseal::keyd
