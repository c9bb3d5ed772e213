/// What the tests of keyd share: messages to sign, a check of signatures, a raw connection.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "firmware/base/audit/checkpoint.h"
#include "firmware/base/unix_socket.h"
#include "hsm/client.h"
#include "tests/support/token.h"

namespace privyseal::test {

inline constexpr auto kCjsm = hsm::KeyRole::kCjsmIdentity;
inline constexpr auto kLan = hsm::KeyRole::kLanIdentity;
inline constexpr auto kAudit = hsm::KeyRole::kAudit;
inline constexpr auto kIssuingCa = hsm::KeyRole::kIssuingCa;
inline constexpr auto kConsole = hsm::KeyRole::kConsoleIdentity;
inline constexpr auto kP256 = hsm::KeyType::kEcP256;
inline constexpr auto kP384 = hsm::KeyType::kEcP384;

/// RFC 8446 section 4.4.3; `side` is "server" or "client".
inline Bytes certificate_verify(const std::string& side, char hash_byte = 'h', std::size_t hash_bytes = 32) {
  using namespace std::string_literals;
  return copy_of(bytes_of(std::string(64, ' ') + "TLS 1.3, " + side + " CertificateVerify" + "\0"s +
                          std::string(hash_bytes, hash_byte)));
}

/// With OpenSSL alone, and none of keyd's code.
inline bool is_signature_of(const hsm::KeyInfo& key, ByteView message, ByteView signature,
                            hsm::Hash pss_hash = hsm::Hash::kOfKey, bool is_tls = true) {
  const unsigned char* at = uchar(key.public_key);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> parsed(
      d2i_PUBKEY(nullptr, &at, static_cast<long>(key.public_key.size())), EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const bool is_rsa = parsed && EVP_PKEY_is_a(parsed.get(), "RSA") == 1;
  const char* digest = key.type == hsm::KeyType::kEd25519                    ? nullptr
                       : key.type == kP384 || pss_hash == hsm::Hash::kSha384 ? "SHA384"
                       : pss_hash == hsm::Hash::kSha512                      ? "SHA512"
                                                                             : "SHA256";
  EVP_PKEY_CTX* padding = nullptr;
  return parsed &&
         EVP_DigestVerifyInit_ex(context.get(), &padding, digest, nullptr, nullptr, parsed.get(), nullptr) ==
             1 &&
         (!is_rsa || !is_tls ||
          (EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) == 1)) &&
         EVP_DigestVerify(context.get(), uchar(signature), signature.size(), uchar(message),
                          message.size()) == 1;
}

/// The text of a checkpoint whose root is 32 times `root`.
inline std::string checkpoint_text(const std::string& origin, std::uint64_t size, char root = 'a') {
  audit::Checkpoint checkpoint{.origin = origin, .size = size};
  checkpoint.root.fill(static_cast<std::byte>(root));
  return audit::checkpoint_text(checkpoint);
}

/// Messages by hand, where hsm::Client is too well-behaved.
class RawConnection {
 public:
  explicit RawConnection(const std::filesystem::path& socket) : fd_(connect_seqpacket(socket).value()) {}

  [[nodiscard]] Result<void> send(ByteView message) const { return send_message(fd_.get(), message, kWait); }
  [[nodiscard]] Result<void> send(const hsm::Request& request) const { return send(to_bytes(request)); }
  /// kClosed: keyd has ended the connection.
  [[nodiscard]] Result<hsm::Answer> receive() const {
    Bytes buffer(hsm::kMaxMessageBytes);
    const auto message = receive_message(fd_.get(), buffer, kWait);
    if (!message) return std::unexpected(message.error());
    return hsm::parse_answer(*message);
  }

 private:
  static constexpr std::chrono::seconds kWait{20};
  UniqueFd fd_;
};

class KeydTest : public testing::Test {
 protected:
  explicit KeydTest(TestKeydOptions options = {}) : keyd(std::move(options)) {}

  hsm::KeyInfo generate(const std::string& name, hsm::KeyRole role = kCjsm, hsm::KeyType type = kP256) {
    const auto key = provisioning.generate(name, role, type);
    EXPECT_TRUE(key) << key.error().message << "\n" << keyd.log();
    return key.value_or(hsm::KeyInfo{});
  }
  /// Calls of `act(client)` come from the gateway's user.
  template <class Act>
  auto as_gateway(Act act) {
    return as_caller(kGatewayUid, act);
  }
  template <class Act>
  auto as_caller(uid_t uid, Act act) {
    return as_user(uid, [&] {
      hsm::Client client(keyd.socket(), kDeadline);
      return act(client);
    });
  }
  Result<Bytes> gateway_signs(const std::string& name, ByteView message) {
    return as_gateway([&](hsm::Client& client) { return client.sign_tls13(name, message); });
  }
  hsm::KeyUses uses_of(const std::string& name) {
    const auto all = provisioning.uses().value();
    for (const hsm::KeyUses& uses : all)
      if (uses.name == name) return uses;
    return {};
  }

  static constexpr std::chrono::seconds kDeadline{20};
  TestKeyd keyd;
  hsm::Client provisioning{keyd.socket(), kDeadline};
};

}  // namespace privyseal::test
