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
#include <string>
#include <vector>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"

namespace privyseal::test {

struct LeafOptions {
  std::vector<std::string> dns_names;  ///< SAN; the first is the subject's CN too
  bool is_client = true;               ///< EKU clientAuth
  bool is_server = true;               ///< EKU serverAuth
  std::chrono::hours begins{-24};      ///< from now
  std::chrono::hours ends{24 * 30};    ///< from now; negative: expired
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

class TestCa {
 public:
  explicit TestCa(const std::string& common_name);
  ~TestCa();
  TestCa(TestCa&&) noexcept;
  TestCa& operator=(TestCa&&) noexcept;

  [[nodiscard]] const std::string& pem() const { return pem_; }
  /// A fresh P-256 key and its certificate.
  [[nodiscard]] Credential issue(const LeafOptions& options);
  /// A certificate for the key of a PKCS#10 request, whose own signature must be right.
  [[nodiscard]] std::string issue_from_csr(const std::string& csr_pem, const LeafOptions& options);

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::string pem_;
};

}  // namespace privyseal::test
