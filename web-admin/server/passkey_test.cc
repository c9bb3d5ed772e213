#include "web-admin/server/passkey.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/authenticator.h"

namespace privyseal::web {
namespace {

using test::Authenticator;

const RelyingParty kParty{.id = "box.example",
                          .origins = {"https://box.example:8443", "https://box.example"}};
const Bytes kChallenge(32, std::byte{7});

test::Ceremony right() {
  return {.rp_id = "box.example", .origin = "https://box.example:8443", .challenge = kChallenge};
}

Result<Passkey> registered(Authenticator& authenticator, const test::Ceremony& ceremony) {
  auto made = authenticator.create(ceremony);
  return verify_registration(
      kParty, kChallenge,
      {.client_data_json = made.client_data_json, .attestation_object = made.attestation_object});
}

Assertion assertion_of(const test::GivenAssertion& given) {
  return {.credential_id = given.credential_id,
          .client_data_json = given.client_data_json,
          .authenticator_data = given.authenticator_data,
          .signature = given.signature};
}

TEST(Passkey, IsRegisteredAndSignsIn) {
  Authenticator authenticator;
  const auto passkey = registered(authenticator, right());
  ASSERT_TRUE(passkey) << passkey.error().message;
  EXPECT_EQ(passkey->algorithm, kEs256);
  EXPECT_EQ(passkey->public_key.size(), 64U);
  const auto count = verify_assertion(kParty, kChallenge, *passkey, assertion_of(authenticator.get(right())));
  ASSERT_TRUE(count) << count.error().message;
  EXPECT_EQ(*count, 1U);
}

struct Lie {
  const char* name;
  std::function<void(test::Ceremony&)> tell;
  std::string_view why;
};

const std::vector<Lie> kLies{
    {"OtherChallenge", [](auto& c) { c.challenge[0] ^= std::byte{1}; },
     "passkey: it answers another challenge"},
    {"NoChallenge", [](auto& c) { c.challenge.clear(); }, "passkey: it answers another challenge"},
    {"ForeignOrigin", [](auto& c) { c.origin = "https://evil.example"; },
     "passkey: it comes from another site"},
    {"OtherPort", [](auto& c) { c.origin = "https://box.example:1"; }, "passkey: it comes from another site"},
    {"PlainHttp", [](auto& c) { c.origin = "http://box.example"; }, "passkey: it comes from another site"},
    {"OtherType", [](auto& c) { c.type = "payment.get"; }, "passkey: it answers another question"},
    {"InsideAnotherPage", [](auto& c) { c.is_cross_origin = true; },
     "passkey: the page was inside another page"},
    {"UserNotVerified", [](auto& c) { c.is_user_verified = false; },
     "passkey: the authenticator did not verify its user"},
    {"NobodyThere", [](auto& c) { c.is_user_present = false; }, "passkey: nobody touched the authenticator"},
};

class PasskeyLie : public testing::TestWithParam<Lie> {};

TEST_P(PasskeyLie, IsRefusedAtRegistration) {
  Authenticator authenticator;
  auto ceremony = right();
  GetParam().tell(ceremony);
  const auto passkey = registered(authenticator, ceremony);
  ASSERT_FALSE(passkey);
  EXPECT_EQ(passkey.error().message, GetParam().why);
  EXPECT_EQ(passkey.error().code, ErrorCode::kDenied);
}

TEST_P(PasskeyLie, IsRefusedAtSignIn) {
  Authenticator authenticator;
  const auto passkey = registered(authenticator, right());
  ASSERT_TRUE(passkey);
  auto ceremony = right();
  GetParam().tell(ceremony);
  const auto count =
      verify_assertion(kParty, kChallenge, *passkey, assertion_of(authenticator.get(ceremony)));
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().message, GetParam().why);
}

INSTANTIATE_TEST_SUITE_P(, PasskeyLie, testing::ValuesIn(kLies),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(Passkey, OfAnotherSiteIsRefused) {
  Authenticator authenticator;
  auto foreign = right();
  foreign.rp_id = "evil.example";
  EXPECT_EQ(registered(authenticator, foreign).error().message, "passkey: it was made for another site");
  const auto passkey = registered(authenticator, right());
  ASSERT_TRUE(passkey);
  const auto count = verify_assertion(kParty, kChallenge, *passkey, assertion_of(authenticator.get(foreign)));
  EXPECT_EQ(count.error().message, "passkey: it was used for another site");
}

TEST(Passkey, AnotherKeysSignatureIsRefused) {
  Authenticator owner;
  Authenticator stranger;
  const auto passkey = registered(owner, right());
  ASSERT_TRUE(passkey);
  Assertion forged = assertion_of(stranger.get(right()));
  EXPECT_EQ(verify_assertion(kParty, kChallenge, *passkey, forged).error().message,
            "passkey: it is another passkey");
  forged.credential_id = passkey->credential_id;
  EXPECT_EQ(verify_assertion(kParty, kChallenge, *passkey, forged).error().message,
            "passkey: the signature is not this passkey's");
}

TEST(Passkey, WhatWasSignedCannotBeChanged) {
  Authenticator authenticator;
  const auto passkey = registered(authenticator, right());
  ASSERT_TRUE(passkey);
  const Assertion given = assertion_of(authenticator.get(right()));
  Assertion longer = given;
  longer.client_data_json.insert(longer.client_data_json.size() - 1, R"(,"x":1)");
  EXPECT_FALSE(verify_assertion(kParty, kChallenge, *passkey, longer));
  Assertion counted = given;
  counted.authenticator_data.back() = std::byte{200};
  EXPECT_FALSE(verify_assertion(kParty, kChallenge, *passkey, counted));
  EXPECT_TRUE(verify_assertion(kParty, kChallenge, *passkey, given));
}

TEST(Passkey, ACounterThatGoesBackIsRefused) {
  Authenticator authenticator;
  auto passkey = registered(authenticator, right());
  ASSERT_TRUE(passkey);
  passkey->sign_count = 5;
  for (const std::uint32_t before : {0U, 3U, 4U}) {  // the next is one more
    authenticator.set_count(before);
    EXPECT_EQ(verify_assertion(kParty, kChallenge, *passkey, assertion_of(authenticator.get(right())))
                  .error()
                  .message,
              "passkey: its signature counter went back, as that of a copy would");
  }
  authenticator.set_count(5);
  EXPECT_EQ(verify_assertion(kParty, kChallenge, *passkey, assertion_of(authenticator.get(right()))), 6U);
}

TEST(Passkey, MalformedAnswersAreRefused) {
  Authenticator authenticator;
  const auto made = authenticator.create(right());
  for (std::size_t size = 0; size < made.attestation_object.size(); ++size)
    EXPECT_FALSE(verify_registration(
        kParty, kChallenge,
        {.client_data_json = made.client_data_json,
         .attestation_object = Bytes(made.attestation_object.begin(),
                                     made.attestation_object.begin() + static_cast<std::ptrdiff_t>(size))}))
        << size;
  for (const char* json : {"", "[]", "{}", R"({"type":"webauthn.create"})", R"({"type":1})"})
    EXPECT_FALSE(verify_registration(
        kParty, kChallenge, {.client_data_json = json, .attestation_object = made.attestation_object}));
  const auto passkey = registered(authenticator, right());
  ASSERT_TRUE(passkey);
  Assertion cut = assertion_of(authenticator.get(right()));
  cut.authenticator_data.resize(20);
  EXPECT_FALSE(verify_assertion(kParty, kChallenge, *passkey, cut));
  Assertion unsigned_one = assertion_of(authenticator.get(right()));
  unsigned_one.signature.clear();
  EXPECT_FALSE(verify_assertion(kParty, kChallenge, *passkey, unsigned_one));
}

}  // namespace
}  // namespace privyseal::web
