/// Keys in a fake keyd, their certificates, and TLS contexts of both sides that use them through the real
/// provider; beside them the same with a key in a file, for ends that are not to wait for keyd.
///
/// Threads: one at a time; behaviours run on the fake's thread.
#pragma once

#include <memory>
#include <optional>

#include "firmware/tls/context.h"
#include "tests/support/certificates.h"
#include "tests/support/fake_keyd.h"
#include "tests/support/software_keys.h"
#include "tests/support/temp_folder.h"
#include "tests/support/token.h"

namespace privyseal::test {

class TlsLab {
 public:
  TlsLab();

  /// From now on the contexts with a key in keyd use one of this real keyd. The test is its gateway.
  void use(const TestKeyd& keyd, uid_t provisioning);
  /// Restarts keyd: it now does this.
  void keyd(FakeKeyd::Behaviour behaviour);
  void no_keyd() { keyd_.reset(); }
  [[nodiscard]] FakeKeyd& running_keyd() { return *keyd_; }

  /// What a keyd that behaves answers.
  [[nodiscard]] hsm::Answer answer(const hsm::Request& request) const;
  /// A behaviour: signs after `delay`, any number at a time; answers all else at once.
  [[nodiscard]] FakeKeyd::Behaviour signs_after(std::chrono::milliseconds delay) const;
  /// A behaviour: signs when `count` have asked, all of them together.
  [[nodiscard]] FakeKeyd::Behaviour signs_when_asked_by(std::size_t count) const;
  /// A behaviour: never signs.
  [[nodiscard]] FakeKeyd::Behaviour never_signs() const;

  /// Signatures asked for since keyd began to behave as it does.
  [[nodiscard]] std::size_t asked();
  /// Questions of jobs that the provider keeps open.
  [[nodiscard]] std::size_t open_questions() const;

  using ContextRef = std::shared_ptr<const tls::Context>;
  ContextRef server;           ///< key in keyd, wants a certificate
  ContextRef client;           ///< key in keyd
  ContextRef software_server;  ///< key in a file, wants a certificate
  ContextRef software_client;  ///< key in a file
  ContextRef lone_server;      ///< key in keyd, wants no certificate
  ContextRef lone_rsa_server;  ///< the same, with an RSA key; only with the fake
  ContextRef software_lone_server;
  ContextRef nameless_client;  ///< has no key
  ContextRef classic_client;   ///< the same, and agrees on keys without ML-KEM

 private:
  void write_identities();
  void make_contexts(const std::filesystem::path& socket);
  ContextRef context(tls::Side side, const std::string& identity, bool trusts, bool hybrid = true) const;

  TempFolder folder_;
  TestCa ca_{"Lab CA"};
  SoftwareKeys keys_;
  std::optional<FakeKeyd> keyd_;
  std::shared_ptr<const tls::Library> library_;
};

}  // namespace privyseal::test
