#include "hsm/keyd/token.h"

#include "firmware/base/file.h"
#include "firmware/base/log.h"
#include "hsm/keyd/token_files.h"

namespace privyseal::keyd {

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
  auto module = pkcs11::Module::load(settings.module);
  if (!module) return std::unexpected(module.error());
  const auto slot = module->find_token(settings.token);
  if (!slot) return std::unexpected(slot.error());
  std::unique_ptr<Token> token(new Token(*module, *slot, settings, std::move(files)));
  auto session = token->open_session();
  if (!session) return std::unexpected(session.error());
  token->lasting_ = std::move(*session);
  const auto info = module->token_info(*slot);
  if (!info) return std::unexpected(info.error());
  token->description_ = pkcs11::description_of(*info);
  return token;
}

Token::Token(pkcs11::Module module, CK_SLOT_ID slot, const Settings& settings,
             std::optional<std::filesystem::path> files)
    : module_(module),
      slot_(slot),
      pin_file_(settings.pin_file),
      pin_refusal_(settings.state, settings.pin_file),
      files_(std::move(files)) {}

Result<pkcs11::Session> Token::open_session() {
  auto session = pkcs11::Session::open(module_, slot_, pkcs11::Session::Mode::kReadWrite);
  if (!session) return session;
  const std::lock_guard lock(login_);
  const auto logged_in = session->is_logged_in();
  if (!logged_in) return std::unexpected(logged_in.error());
  if (*logged_in) return session;
  if (auto done = log_in(*session); !done) return std::unexpected(done.error());
  return session;
}

Result<void> Token::log_in(const pkcs11::Session& session) {
  if (auto allowed = pin_refusal_.check(); !allowed) return allowed;
  auto pin = read_secret_file(pin_file_);
  if (!pin) return std::unexpected(pin.error());
  auto done = session.login(CKU_USER, *pin);
  if (done || done.error().code != ErrorCode::kDenied) return done;
  log_event(LogLevel::kAlert, "pin-refused", {{"by", "token"}, {"why", done.error().message}});
  if (auto recorded = pin_refusal_.record(); !recorded)
    log_event(LogLevel::kAlert, "pin-refusal-not-recorded", {{"why", recorded.error().message}});
  return done;
}

Result<void> Token::make_durable() const {
  if (!files_) return {};
  return sync_tree(*files_);
}

Result<const pkcs11::Session*> WorkSession::get() {
  if (!session_) {
    auto opened = token_.open_session();
    if (!opened) return std::unexpected(opened.error());
    session_ = std::move(*opened);
  }
  return &*session_;
}

}  // namespace privyseal::keyd
