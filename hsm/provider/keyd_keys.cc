/// The keys are keyd's: each signature is one question on its socket. A handshake's question pauses the ASYNC
/// job in which it is asked; elsewhere, and in jobs that cannot be woken, it blocks.
#include <chrono>

#include "hsm/async_client.h"
#include "hsm/client.h"
#include "hsm/provider/job.h"
#include "hsm/provider/keys.h"
#include "hsm/provider/params.h"

namespace privyseal::hsm::provider {
namespace {

constexpr std::chrono::milliseconds kReadyDeadline{250};

class KeydKeys final : public Keys {
 public:
  explicit KeydKeys(const char* socket) : keyd_(socket), keyd_in_jobs_(socket, {}) {}

  Result<KeyInfo> find(std::string_view name) override { return keyd_.find_key(name); }
  Result<KeyInfo> find_by_id(ByteView id) override { return keyd_.find_key_by_id(id); }
  Result<Bytes> sign_tls13(std::string_view name, ByteView message, Hash hash) override {
    if (const auto wake = wake_of_this_job())
      return signature_in_job(keyd_in_jobs_.sign_tls13(name, message, hash, *wake));
    return keyd_.sign_tls13(name, message, hash);
  }
  Result<Bytes> sign_tls12(std::string_view name, ByteView message, Hash hash) override {
    if (const auto wake = wake_of_this_job())
      return signature_in_job(keyd_in_jobs_.sign_tls12(name, message, hash, *wake));
    return keyd_.sign_tls12(name, message, hash);
  }
  Result<Bytes> sign_csr(std::string_view name, ByteView request_info) override {
    return keyd_.sign_csr(name, request_info);
  }
  Result<Bytes> sign_certificate(std::string_view name, ByteView tbs_certificate) override {
    return keyd_.sign_certificate(name, tbs_certificate);
  }
  Result<Bytes> sign_crl(std::string_view name, ByteView tbs_cert_list) override {
    return keyd_.sign_crl(name, tbs_cert_list);
  }
  Result<Bytes> sign_ocsp(std::string_view name, ByteView response_data) override {
    return keyd_.sign_ocsp(name, response_data);
  }
  bool is_ready() override {
    if (const auto wake = wake_of_this_job())
      return health_in_job(keyd_in_jobs_, kReadyDeadline, *wake).value_or(false);
    return keyd_.health(kReadyDeadline).value_or(false);
  }
  std::size_t open_questions() override { return keyd_in_jobs_.open_questions(); }

 private:
  Client keyd_;               // blocks its caller
  AsyncClient keyd_in_jobs_;  // pauses the caller's ASYNC job
};

}  // namespace

Result<std::unique_ptr<Keys>> open_keys(const Setting& setting) {
  const char* socket = setting(kSocketParam);
  if (socket == nullptr || *socket == '\0')
    return fail(ErrorCode::kInvalid, "privyseal provider: the setting `socket` is missing");
  return std::make_unique<KeydKeys>(socket);
}

}  // namespace privyseal::hsm::provider
