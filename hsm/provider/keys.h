/// The keys behind the provider: where they are asked for, and who signs.
///
/// Which back end there is, is decided by what the module is linked from: keyd_keys.cc for the module that
/// programs use, in_process/token_keys.cc for the one of benches and tools.
///
/// Threads: any. Errors: those of hsm/client.h.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "hsm/wire.h"

namespace privyseal::hsm::provider {

class Keys {
 public:
  virtual ~Keys() = default;

  [[nodiscard]] virtual Result<KeyInfo> find(std::string_view name) = 0;
  [[nodiscard]] virtual Result<KeyInfo> find_by_id(ByteView id) = 0;
  // The only calls that are made while a connection is being made.
  /// A TLS 1.3 CertificateVerify input.
  [[nodiscard]] virtual Result<Bytes> sign_tls13(std::string_view name, ByteView message, Hash hash) = 0;
  /// A TLS 1.2 ServerKeyExchange input.
  [[nodiscard]] virtual Result<Bytes> sign_tls12(std::string_view name, ByteView message, Hash hash) = 0;
  [[nodiscard]] virtual Result<Bytes> sign_csr(std::string_view name, ByteView request_info) = 0;
  [[nodiscard]] virtual Result<Bytes> sign_certificate(std::string_view name, ByteView tbs_certificate) = 0;
  [[nodiscard]] virtual Result<Bytes> sign_crl(std::string_view name, ByteView tbs_cert_list) = 0;
  [[nodiscard]] virtual Result<Bytes> sign_ocsp(std::string_view name, ByteView response_data) = 0;
  /// Whether a signature could be made right now; asked each time.
  [[nodiscard]] virtual bool is_ready() = 0;
  /// Of ASYNC jobs, and not answered yet.
  [[nodiscard]] virtual std::size_t open_questions() { return 0; }
};

/// A setting of the provider, as openssl.cnf or the program gave it; null: not given.
using Setting = std::function<const char*(const char* name)>;

/// kInvalid: a setting is missing.
[[nodiscard]] Result<std::unique_ptr<Keys>> open_keys(const Setting& setting);

}  // namespace privyseal::hsm::provider
