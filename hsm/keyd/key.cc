#include "hsm/keyd/key.h"

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
          .refused = refusals};
}

Result<Bytes> Key::sign(WorkSession& work, ByteView message) {
  if (is_retired_) return fail(ErrorCode::kNotFound, "the key was retired");
  const Bytes digest = digest_for(public_key_.type(), message);
  auto raw = raw_signature(work, digest);
  if (!raw && raw.error().code == ErrorCode::kClosed) {
    log_event(LogLevel::kWarning, "session-replaced", {{"key", name()}, {"why", raw.error().message}});
    work.discard();
    if (auto found = find_again(work); !found) return fail(ErrorCode::kUnavailable, found.error().message);
    raw = raw_signature(work, digest);
  }
  if (!raw) {
    work.discard();
    return fail(ErrorCode::kUnavailable, raw.error().message);
  }
  auto signature = ecdsa_sig_value(public_key_.type(), *raw);
  if (signature && public_key_.verifies(message, *signature)) return signature;
  log_event(LogLevel::kAlert, "signature-wrong", {{"key", name()}});
  return fail(ErrorCode::kUnavailable, "the token gave a signature that does not verify");
}

void Key::add_uses(const hsm::KeyUses& earlier) {
  tls_client_uses += earlier.tls_client;
  tls_server_uses += earlier.tls_server;
  csr_uses += earlier.csr;
  certificate_uses += earlier.certificate;
  crl_uses += earlier.crl;
  checkpoint_uses += earlier.checkpoint;
}

Result<void> Key::self_test(WorkSession& work) {
  const auto signature = sign(work, bytes_of("privyseal keyd self-test"));
  if (!signature) return std::unexpected(signature.error());
  return {};
}

Result<Bytes> Key::raw_signature(WorkSession& work, ByteView digest) {
  const auto session = work.get();
  if (!session) return std::unexpected(session.error());
  return (*session)->sign(private_key_, CKM_ECDSA, digest);
}

Result<void> Key::find_again(WorkSession& work) {
  const auto session = work.get();
  if (!session) return std::unexpected(session.error());
  pkcs11::Attributes wanted;
  wanted.number(CKA_CLASS, CKO_PRIVATE_KEY).bytes(CKA_ID, id_).text(CKA_LABEL, to_text(label_));
  const auto found = (*session)->find(wanted);
  if (!found) return std::unexpected(found.error());
  if (found->size() != 1) return fail(ErrorCode::kUnavailable, "the key is no longer on the token");
  private_key_ = found->front();
  return {};
}

}  // namespace privyseal::keyd
