/// The life of certificates as the tests see it: keyd with a token, renewd, a stand-in Egress CA, and an
/// enrolment server to order.
///
/// Threads: one at a time.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "hsm/client.h"
#include "tests/support/certificates.h"
#include "tests/support/renewd.h"
#include "tests/support/token.h"

namespace privyseal::test {

inline constexpr const char* kGatewayName = "gateway.lawfirm.example";

/// tests/support/fake_est.py as a process.
class FakeEst {
 public:
  explicit FakeEst(std::filesystem::path folder);

  /// What the next requests are answered with; see fake_est.py.
  void play(const std::string& mode) const;
  void start();
  void stop();

  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::filesystem::path root() const { return folder_ / "root.pem"; }
  [[nodiscard]] std::filesystem::path server_ca() const { return folder_ / "server-ca.pem"; }
  [[nodiscard]] std::vector<JsonObject> requests() const;

 private:
  std::filesystem::path folder_;
  std::unique_ptr<ChildProcess> process_;
};

class RenewdLab {
 public:
  RenewdLab();

  /// Starts renewd with these identities and sections; fails the test if it does not start.
  void start(const std::string& toml);
  /// A file that every user may read, in the lab's folder.
  std::filesystem::path file(const std::string& name, const std::string& content) const;

  [[nodiscard]] hsm::Client provisioning() const;
  /// Whether a key signs a request, and so is there and not retired.
  [[nodiscard]] bool answers(const std::string& key) const;
  /// Key pairs in the token, retired ones too.
  [[nodiscard]] std::size_t key_pairs() const;
  /// What others would load: the PEM behind the identity's link.
  [[nodiscard]] std::string served_chain(const std::string& identity) const;
  [[nodiscard]] std::string served_key(const std::string& identity) const;
  /// All audit entries, a line each.
  [[nodiscard]] std::string audit() const;

  TestCa ca{"Stand-in Egress CA"};
  TestKeyd keyd;
  std::unique_ptr<TestRenewd> renewd;
};

/// A port of loopback that nobody listens on now, for a server that must be told it before. Below the
/// kernel's own range, where another program's connection or listener could be given it in between.
[[nodiscard]] std::uint16_t free_port();
/// Polls until somebody listens there.
[[nodiscard]] bool wait_for_port(std::uint16_t port);

/// "[identity.NAME]" by hand, with the lab's CA pinned.
[[nodiscard]] std::string manual_toml(const RenewdLab& lab, const std::string& more = "");
[[nodiscard]] std::string est_toml(const RenewdLab& lab, const FakeEst& est, const std::string& more = "");

// What the door shows.
[[nodiscard]] std::string alarm_of(const JsonObject& identity);
[[nodiscard]] std::int64_t active_of(const JsonObject& identity);  ///< 0: none
[[nodiscard]] bool is_candidate(const JsonObject& identity, std::string_view state);

}  // namespace privyseal::test
