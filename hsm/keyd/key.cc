#include "hsm/keyd/key.h"

#include <utility>

#include "firmware/base/log.h"

namespace privyseal::keyd {

hsm::KeyInfo Key::info() const {
  return {.name = name(), .role = role(), .type = public_key_.type(), .public_key = public_key_.spki()};
}

hsm::KeyUses Key::uses() const {
  return {.name = name(),
          .tls_client = tls_client_uses,
          .tls_server = tls_server_uses,
          .csr = csr_uses,
          .certificate = certificate_uses,
          .crl = crl_uses,
          .checkpoint = checkpoint_uses,
          .ocsp = ocsp_uses,
          .tls12_server = tls12_server_uses,
          .refused = refusals};
}

Result<Bytes> Key::sign(WorkSession& work, Scheme scheme, ByteView message) {
  if (is_retired_) return fail(ErrorCode::kNotFound, "the key was retired");
  auto signature = unverified_signature(work, scheme, message);
  if (!signature) return signature;
  if (public_key_.verifies(scheme, message, *signature)) return signature;
  log_event(LogLevel::kAlert, "signature-wrong", {{"key", name()}});
  if (has_moved(work)) {  // it was made with another key
    signature = unverified_signature(work, scheme, message);
    if (!signature || public_key_.verifies(scheme, message, *signature)) return signature;
  }
  return fail(ErrorCode::kUnavailable, "the token gave a signature that does not verify");
}

void Key::add_uses(const hsm::KeyUses& earlier) {
  tls_client_uses += earlier.tls_client;
  tls_server_uses += earlier.tls_server;
  csr_uses += earlier.csr;
  certificate_uses += earlier.certificate;
  crl_uses += earlier.crl;
  checkpoint_uses += earlier.checkpoint;
  ocsp_uses += earlier.ocsp;
  tls12_server_uses += earlier.tls12_server;
}

Result<void> Key::self_test(WorkSession& work) {
  const auto scheme = tls13_scheme(public_key_.type(), hsm::Hash::kOfKey);
  if (!scheme) return std::unexpected(scheme.error());
  const auto signature = sign(work, *scheme, bytes_of("privyseal keyd self-test"));
  if (!signature) return std::unexpected(signature.error());
  return {};
}

Result<Bytes> Key::unverified_signature(WorkSession& work, Scheme scheme, ByteView message) {
  const auto raw = work.use([&](const pkcs11::Session& session) -> pkcs11::Outcome<Bytes> {
    const auto key = locate(session, work.epoch());
    if (!key) return std::unexpected(key.error());
    const TokenCall call = token_call_for(scheme, message, session.quirks());
    auto made = session.sign(*key, call.mechanism, call.input, call.parameter);
    if (!made) found_.with([](auto& found) { found.reset(); });
    return made;
  });
  if (raw) return signature_from_token(public_key_.type(), *raw);
  const bool is_late = raw.error().code == ErrorCode::kTimeout;
  return fail(is_late ? ErrorCode::kTimeout : ErrorCode::kUnavailable, raw.error().message);
}

pkcs11::Outcome<pkcs11::ObjectHandle> Key::locate(const pkcs11::Session& session, std::uint64_t epoch) {
  const auto known = found_.with([](const auto& found) { return found; });
  if (known && known->epoch == epoch) return known->object;
  pkcs11::Attributes wanted;
  wanted.number(CKA_CLASS, CKO_PRIVATE_KEY).bytes(CKA_ID, id_).text(CKA_LABEL, to_text(label_));
  const auto objects = session.find(wanted);
  if (!objects) return std::unexpected(objects.error());
  if (objects->size() != 1) {
    // It may be that the log-in was lost and found again just now.
    const Error gone{ErrorCode::kUnavailable, "the key is no longer on the token"};
    return std::unexpected(pkcs11::Failure(gone, pkcs11::Cure::kOnceMore, CKR_OK));
  }
  found_.with([&](auto& found) { found = Found{.epoch = epoch, .object = objects->front()}; });
  return objects->front();
}

bool Key::has_moved(WorkSession& work) {
  const auto before = found_.with([](auto& found) { return std::exchange(found, std::nullopt); });
  const auto now = work.use([&](const pkcs11::Session& session) { return locate(session, work.epoch()); });
  return before && now && before->object != *now;
}

}  // namespace privyseal::keyd
