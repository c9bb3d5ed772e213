/// A certificate authority for tests: right certificates, and wrong ones to order.
///
/// The keys made here live in this process and in PEM texts: only for stand-in
/// peers, never for the appliance, whose keys stay in its token.
///
/// Threads: one at a time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

namespace privyseal::test {

struct LeafOptions {
  std::vector<std::string> dns_names{};  ///< SAN; the first is the subject's CN too
  bool is_client = true;                 ///< EKU clientAuth
  bool is_server = true;                 ///< EKU serverAuth
  std::chrono::hours begins{-24};        ///< from now
  std::chrono::hours ends{24 * 30};      ///< from now; negative: expired

  // What is wrong with it, to order.
  std::string key = "P-256";                        ///< as new_key() takes it; not for issue_from_csr
  std::string hash = "SHA256";                      ///< of the signature; empty for an Ed25519 authority
  std::optional<std::string> extended_key_usage{};  ///< instead of the flags; empty: left out
  std::string common_name{};                        ///< instead of the first DNS name
  std::string serial_hex{};                         ///< instead of 16 random octets; "-" in front: negative
  bool is_ca = false;
  bool is_version_1 = false;                                           ///< then no extensions
  std::vector<std::pair<std::string, std::string>> more_extensions{};  ///< OpenSSL's names and values
};

/// What an authority is like. An intermediate's is signed by the one above it.
struct CaOptions {
  std::string key = "P-256";
  std::string hash = "SHA256";  ///< of its own certificate's signature
  std::chrono::hours begins{-24 * 60};
  std::chrono::hours ends{24 * 60};
  bool says_ca = true;             ///< basicConstraints; false: self-signed like a root, but none
  std::string name_constraints{};  ///< critical, when not empty: "permitted;DNS:example"
};

/// Signs a CertificationRequestInfo: keyd does, for its keys.
using SignRequest = std::function<Result<Bytes>(ByteView request_info)>;

/// A PKCS#10 request, PEM, for a key that is somewhere else. Errors: those of `sign`.
[[nodiscard]] Result<std::string> certificate_request(ByteView subject_public_key_info,
                                                      const std::string& common_name,
                                                      const SignRequest& sign);

struct Credential {
  std::string chain_pem;
  std::string key_pem;
};

/// A list of revoked certificates.
struct ListOptions {
  std::chrono::hours begins{-24};                                 ///< thisUpdate, from now
  std::chrono::hours ends{24 * 30};                               ///< nextUpdate
  std::vector<std::pair<std::string, std::string>> extensions{};  ///< OpenSSL's names and values
};

class TestCa {
 public:
  explicit TestCa(const std::string& common_name, const CaOptions& options = {});
  ~TestCa();
  TestCa(TestCa&&) noexcept;
  TestCa& operator=(TestCa&&) noexcept;

  [[nodiscard]] const std::string& pem() const { return pem_; }
  /// An authority below this one. Its pem() is that of its own certificate alone.
  [[nodiscard]] TestCa intermediate(const std::string& common_name, const CaOptions& options = {}) const;
  /// A fresh key and its certificate (without those of intermediates).
  [[nodiscard]] Credential issue(const LeafOptions& options);
  /// A certificate for the key of a PKCS#10 request, whose own signature must be right.
  [[nodiscard]] std::string issue_from_csr(const std::string& csr_pem, const LeafOptions& options);

  /// A CRL in PEM; each certificate is the first one in its PEM text.
  [[nodiscard]] std::string revoke(const std::vector<std::string>& certificates,
                                   const ListOptions& options = {}) const;

 private:
  struct State;
  explicit TestCa(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
  std::string pem_;
};

/// A private key in PEM: "P-256", "P-384", "P-521", "ED25519" or "RSA-2048" (any number of bits).
[[nodiscard]] std::string new_key_pem(const std::string& kind);
/// A request signed by its own key, PEM; the names become dNSNames in subjectAltName.
struct RequestOptions {
  std::string common_name{};
  std::string organisation{};
  std::vector<std::string> dns_names{};
  std::string hash = "SHA256";
  std::string subject_alt_name{};  ///< instead of the names, in OpenSSL's words: "IP:192.0.2.1"
};
[[nodiscard]] std::string request_pem(const std::string& key_pem, const RequestOptions& options);

}  // namespace privyseal::test
