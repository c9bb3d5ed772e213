/// Every kind of key from the token to the caller.
#include <gmock/gmock.h>

#include <optional>
#include <ostream>

#include "hsm/key_kind.h"
#include "hsm/keyd/test_keys.h"
#include "tests/integration/keyd_fixture.h"

namespace privyseal::hsm {

static void PrintTo(const KeyKind& kind, std::ostream* out) { *out << kind.name; }

}  // namespace privyseal::hsm

namespace privyseal::test {
namespace {

using hsm::Hash;
using hsm::KeyKind;
using testing::HasSubstr;

/// The CertificationRequestInfo that OpenSSL makes for the key.
Bytes request_info_for(const hsm::KeyInfo& key) {
  const unsigned char* at = uchar(key.public_key);
  const keyd::TestKey parsed(d2i_PUBKEY(nullptr, &at, static_cast<long>(key.public_key.size())),
                             EVP_PKEY_free);
  CHECK(parsed);
  return keyd::request_info_of(parsed);
}

std::vector<Hash> hashes_of(const KeyKind& kind) {
  if (kind.family == hsm::KeyFamily::kRsa) return {Hash::kOfKey, Hash::kSha256, Hash::kSha384, Hash::kSha512};
  return {Hash::kOfKey};
}

class KeydKind : public KeydTest, public testing::WithParamInterface<KeyKind> {
 protected:
  KeydKind() : KeydTest({.bears_softhsms_leak = GetParam().family == hsm::KeyFamily::kEd25519}) {}
};

TEST_P(KeydKind, SignsHandshakesAndItsRequestAlsoAfterARestart) {
  const KeyKind& kind = GetParam();
  const auto key = generate("egress", kCjsm, kind.type);
  EXPECT_EQ(key.type, kind.type);
  for (const bool is_restarted : {false, true}) {
    if (is_restarted) keyd.restart();
    EXPECT_EQ(provisioning.find_key("egress"), key) << keyd.log();
    for (const Hash hash : hashes_of(kind))
      for (const char* side : {"client", "server"}) {
        const Bytes message = certificate_verify(side, 'h', 48);
        const auto signature =
            as_gateway([&](hsm::Client& client) { return client.sign_tls13("egress", message, hash); });
        ASSERT_TRUE(signature) << signature.error().message << keyd.log();
        EXPECT_TRUE(is_signature_of(key, message, *signature, hash));
        EXPECT_FALSE(is_signature_of(key, certificate_verify(side, 'x', 48), *signature, hash));
      }
    const Bytes info = request_info_for(key);
    const auto signature = provisioning.sign_csr("egress", info);
    ASSERT_TRUE(signature) << signature.error().message << keyd.log();
    EXPECT_TRUE(is_signature_of(key, info, *signature, Hash::kOfKey, false));
  }
}

TEST_P(KeydKind, RefusesAHashThatIsNotItsOwn) {
  const KeyKind& kind = GetParam();
  if (kind.family == hsm::KeyFamily::kRsa) return;  // it has all of them
  generate("egress", kCjsm, kind.type);
  const Hash other = kind.type == kP384 ? Hash::kSha256 : Hash::kSha512;
  const auto signature = as_gateway(
      [&](hsm::Client& client) { return client.sign_tls13("egress", certificate_verify("client"), other); });
  ASSERT_FALSE(signature);
  EXPECT_EQ(signature.error().code, ErrorCode::kDenied);
  EXPECT_THAT(signature.error().message, HasSubstr("that hash"));
  EXPECT_EQ(uses_of("egress"), (hsm::KeyUses{.name = "egress", .refused = 1}));
}

INSTANTIATE_TEST_SUITE_P(, KeydKind, testing::ValuesIn(hsm::kKeyKinds),
                         [](const auto& kind) { return std::string(kind.param.name); });

class KeydKinds : public KeydTest {};

TEST_F(KeydKinds, ARoleGetsNoKeyOfAKindThatIsNotForIt) {
  for (const auto& [role, type] : {std::pair{kAudit, hsm::KeyType::kEd25519},
                                   {kAudit, hsm::KeyType::kEcP384},
                                   {kIssuingCa, hsm::KeyType::kRsa2048},
                                   {kIssuingCa, hsm::KeyType::kEd25519},
                                   {kConsole, hsm::KeyType::kEd25519}}) {
    const auto made = provisioning.generate("wrong", role, type);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::kDenied);
    EXPECT_THAT(made.error().message, HasSubstr("is not to be"));
  }
  EXPECT_EQ(provisioning.list_keys().value().size(), 0u);
}

}  // namespace
}  // namespace privyseal::test
