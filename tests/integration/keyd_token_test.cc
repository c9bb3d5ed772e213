// keyd and its token: what keys look like, what a damaged token leads to, and the PIN.
#include <gmock/gmock.h>

#include <thread>

#include "firmware/base/database.h"
#include "firmware/base/file.h"
#include "hsm/pkcs11/mechanism.h"
#include "hsm/pkcs11/session.h"
#include "tests/integration/keyd_fixture.h"
#include "tests/integration/token_visit.h"

namespace privyseal::test {
namespace {

using pkcs11::Attributes;
using testing::HasSubstr;
using testing::Not;

class KeydToken : public KeydTest {
 protected:
  KeydToken() : KeydTest({.shim = true}) {}
};

TEST_F(KeydToken, HoldsKeysThatCanOnlySign) {
  generate("small", kCjsm, kP256);
  generate("big", kLan, kP384);
  ASSERT_EQ(keyd.stop(), 0);
  TokenVisit token(keyd);
  for (const std::string label : {"privyseal:cjsm-identity:small", "privyseal:lan-identity:big"}) {
    const auto keys = token.find(CKO_PRIVATE_KEY, label);
    ASSERT_EQ(keys.size(), 1);
    for (const auto must_be :
         {CKA_SENSITIVE, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_PRIVATE, CKA_LOCAL, CKA_SIGN})
      EXPECT_EQ(token->flag(keys[0], must_be), true) << must_be;
    for (const auto must_not : {CKA_EXTRACTABLE, CKA_DECRYPT, CKA_DERIVE, CKA_UNWRAP, CKA_SIGN_RECOVER,
                                CKA_MODIFIABLE, CKA_COPYABLE})
      EXPECT_EQ(token->flag(keys[0], must_not), false) << must_not;
    EXPECT_FALSE(token->bytes_of_attribute(keys[0], CKA_VALUE));
  }
}

class KeydTokenOfAllKinds : public KeydTest {
 protected:
  KeydTokenOfAllKinds() : KeydTest({.bears_softhsms_leak = true}) {}
};

TEST_F(KeydTokenOfAllKinds, HoldsKeysThatCanOnlySign) {
  generate("rsa", kCjsm, hsm::KeyType::kRsa2048);
  generate("edwards", kLan, hsm::KeyType::kEd25519);
  ASSERT_EQ(keyd.stop(), 0);
  TokenVisit token(keyd);
  for (const std::string label : {"privyseal:cjsm-identity:rsa", "privyseal:lan-identity:edwards"}) {
    const auto keys = token.find(CKO_PRIVATE_KEY, label);
    ASSERT_EQ(keys.size(), 1);
    for (const auto must_be :
         {CKA_SENSITIVE, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_PRIVATE, CKA_LOCAL, CKA_SIGN})
      EXPECT_EQ(token->flag(keys[0], must_be), true) << must_be;
    for (const auto must_not : {CKA_EXTRACTABLE, CKA_DECRYPT, CKA_DERIVE, CKA_UNWRAP, CKA_SIGN_RECOVER,
                                CKA_MODIFIABLE, CKA_COPYABLE})
      EXPECT_EQ(token->flag(keys[0], must_not), false) << must_not;
    for (const auto secret : {CKA_VALUE, CKA_PRIVATE_EXPONENT, CKA_PRIME_1})
      EXPECT_FALSE(token->bytes_of_attribute(keys[0], secret)) << secret;
  }
}

TEST_F(KeydToken, FindsAKeyByItsIdForThoseWhoMay) {
  const auto egress = generate("egress");
  const auto console = generate("console", kConsole);
  ASSERT_EQ(keyd.stop(), 0);
  const auto id_of = [&](const std::string& label) {
    TokenVisit token(keyd);
    return token->bytes_of_attribute(token.find(CKO_PUBLIC_KEY, label).at(0), CKA_ID).value();
  };
  const Bytes egress_id = id_of("privyseal:cjsm-identity:egress");
  const Bytes console_id = id_of("privyseal:console-identity:console");
  ASSERT_TRUE(keyd.start());
  EXPECT_EQ(provisioning.find_key_by_id(egress_id), egress);
  EXPECT_EQ(provisioning.find_key_by_id(console_id), console);
  as_gateway([&](hsm::Client& client) {
    EXPECT_EQ(client.find_key_by_id(egress_id), egress);
    EXPECT_EQ(client.find_key_by_id(console_id).error().code, ErrorCode::kDenied);
    EXPECT_EQ(client.find_key_by_id(Bytes(16)).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(client.find_key_by_id(Bytes()).error().code, ErrorCode::kInvalid);
    EXPECT_EQ(client.find_key_by_id(Bytes(hsm::kMaxKeyIdBytes + 1)).error().code, ErrorCode::kInvalid);
  });
}

TEST_F(KeydToken, NeitherOffersNorDestroysHalfOfAPairThatWasWhole) {
  const auto whole = generate("whole");
  generate("public-only");
  generate("private-only", kLan);
  ASSERT_EQ(keyd.stop(), 0);
  {
    TokenVisit token(keyd);
    ASSERT_TRUE(token->destroy(token.find(CKO_PRIVATE_KEY, "privyseal:cjsm-identity:public-only").at(0)));
    ASSERT_TRUE(token->destroy(token.find(CKO_PUBLIC_KEY, "privyseal:lan-identity:private-only").at(0)));
    token.generate("somebody-elses", true);
  }
  ASSERT_TRUE(keyd.start()) << keyd.log();
  EXPECT_EQ(provisioning.list_keys(), std::vector{whole});
  EXPECT_THAT(keyd.log(), HasSubstr("<1>key-not-offered label=privyseal:cjsm-identity:public-only"));
  EXPECT_THAT(keyd.log(), HasSubstr("<1>key-not-offered label=privyseal:lan-identity:private-only"));
  generate("public-only");  // the name is free again
  ASSERT_EQ(keyd.stop(), 0);
  TokenVisit token(keyd);
  EXPECT_EQ(token.find(CKO_PRIVATE_KEY, "privyseal:lan-identity:private-only").size(), 1U);
  EXPECT_EQ(token.find(CKO_PUBLIC_KEY, "somebody-elses").size(), 1U);
}

TEST_F(KeydToken, DestroysHalfOfAPairThatWasNeverFinished) {
  generate("begun");
  const auto whole = generate("whole");
  ASSERT_EQ(keyd.stop(), 0);
  const Bytes id = TokenVisit(keyd).id_of("privyseal:cjsm-identity:begun");
  const Bytes id_of_whole = TokenVisit(keyd).id_of("privyseal:cjsm-identity:whole");
  {
    TokenVisit token(keyd);
    ASSERT_TRUE(token->destroy(token.find(CKO_PRIVATE_KEY, "privyseal:cjsm-identity:begun").at(0)));
    auto journal = Database::open(keyd.journal(), Database::Mode::kReadWrite).value();
    for (const Bytes& unfinished : {id, id_of_whole})
      ASSERT_TRUE(journal.prepare("INSERT INTO unfinished_key (id) VALUES (?1)")->bind(1, unfinished).run());
  }
  ASSERT_TRUE(keyd.start()) << keyd.log();
  EXPECT_THAT(keyd.log(), HasSubstr("unfinished-key-destroyed label=privyseal:cjsm-identity:begun"));
  EXPECT_EQ(provisioning.list_keys(), std::vector{whole});
  ASSERT_EQ(keyd.stop(), 0);
  EXPECT_TRUE(TokenVisit(keyd).find(CKO_PUBLIC_KEY, "privyseal:cjsm-identity:begun").empty());
}

TEST_F(KeydToken, ALogInThatIsLostWhileTheTokenIsReadCostsNoKey) {
  const std::vector keys{generate("one"), generate("two")};
  ASSERT_EQ(keyd.stop(), 0);
  keyd.shim().log_out(shim_function("C_FindObjectsInit"));
  ASSERT_TRUE(keyd.start()) << keyd.log();
  EXPECT_EQ(provisioning.list_keys(), keys);
  EXPECT_THAT(keyd.log(), Not(HasSubstr("key-not-offered")));
}

TEST_F(KeydToken, ALogInThatIsLostWhileAKeyIsSearchedCostsNoSignature) {
  generate("egress");
  keyd.shim().renumber_objects();  // so that it is searched
  keyd.shim().log_out(shim_function("C_FindObjectsInit"));
  EXPECT_TRUE(gateway_signs("egress", certificate_verify("client"))) << keyd.log();
  EXPECT_EQ(keyd.shim().calls("C_Login"), 2);
}

TEST_F(KeydToken, DoesNotOfferAKeyThatCouldBeRead) {
  const auto good = generate("good");
  ASSERT_EQ(keyd.stop(), 0);
  {
    TokenVisit(keyd).generate("privyseal:cjsm-identity:weak", true);
  }
  ASSERT_TRUE(keyd.start()) << keyd.log();
  EXPECT_EQ(provisioning.list_keys(), std::vector{good});
  EXPECT_THAT(keyd.log(), HasSubstr("<1>key-not-offered label=privyseal:cjsm-identity:weak"));
  EXPECT_THAT(keyd.log(), HasSubstr("CKA_EXTRACTABLE is not false"));
}

TEST_F(KeydToken, SurvivesAKillInTheMiddleOfALogin) {
  const auto key = generate("egress");
  keyd.kill();
  // SoftHSM truncates token.object before it writes it again.
  for (const auto& token : std::filesystem::directory_iterator(keyd.token_folder()))
    std::filesystem::resize_file(token.path() / "token.object", 0);
  ASSERT_TRUE(keyd.start()) << keyd.log();
  EXPECT_EQ(provisioning.find_key("egress"), key);
  EXPECT_TRUE(gateway_signs("egress", certificate_verify("client")));
  EXPECT_THAT(keyd.log(), HasSubstr("<1>token-object-restored"));
}

TEST_F(KeydToken, LosesASessionAndNobodyNotices) {
  const auto key = generate("egress");
  for (const std::uint64_t fault : {0xb3, 0xb0, 0x30, 0x101, 0x60, 0x90}) {
    keyd.shim().order({.value = fault});
    const Bytes message = certificate_verify("client");
    const auto signature = gateway_signs("egress", message);
    ASSERT_TRUE(signature) << fault << " " << signature.error().message;
    EXPECT_TRUE(is_signature_of(key, message, *signature));
  }
  EXPECT_THAT(keyd.log(), HasSubstr("session-replaced why=\"C_Sign: CKR_SESSION_HANDLE_INVALID\""));
  EXPECT_EQ(uses_of("egress").tls_client, 6);
  EXPECT_EQ(keyd.shim().calls("C_Login"), 1) << "the token kept us logged in";
}

TEST_F(KeydToken, LogsInAgainOnceWhenTheTokenHasForgottenIt) {
  generate("egress");
  std::atomic<int> failed{0};
  keyd.shim().log_out();
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 20; ++i)
          if (!gateway_signs("egress", certificate_verify("client"))) ++failed;
      });
  }
  EXPECT_EQ(failed, 0) << keyd.log();
  EXPECT_EQ(keyd.shim().calls("C_Login"), 2);
}

TEST_F(KeydToken, FailsOneSignatureWhenTheTokenDoes) {
  const auto key = generate("egress");
  keyd.shim().order({.value = CKR_GENERAL_ERROR, .times = 2});
  EXPECT_EQ(gateway_signs("egress", certificate_verify("client")).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(gateway_signs("egress", certificate_verify("client")));
  EXPECT_THAT(keyd.log(), HasSubstr("signature-failed key=egress why=\"C_Sign: CKR_GENERAL_ERROR\""));
  EXPECT_EQ(uses_of("egress").tls_client, 1);
}

TEST_F(KeydToken, NeverLetsAWrongSignatureOut) {
  generate("egress");
  keyd.shim().flip_signatures(1);
  EXPECT_EQ(gateway_signs("egress", certificate_verify("client")).error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(keyd.log(), HasSubstr("<1>signature-wrong key=egress"));
  EXPECT_EQ(uses_of("egress").tls_client, 0);
  EXPECT_TRUE(gateway_signs("egress", certificate_verify("client")));
}

TEST_F(KeydToken, DoesNotOfferAKeyThatFailsItsSelfTest) {
  generate("egress");
  ASSERT_EQ(keyd.stop(), 0);
  keyd.shim().flip_signatures(1);
  ASSERT_TRUE(keyd.start());
  EXPECT_EQ(provisioning.find_key("egress").error().code, ErrorCode::kNotFound);
  EXPECT_THAT(keyd.log(), HasSubstr("<1>key-not-offered key=egress"));
}

TEST_F(KeydToken, MakesNoSecondKeyOfANameWhoseKeyOnlyFailedAtTheStart) {
  const auto key = generate("egress");
  ASSERT_EQ(keyd.stop(), 0);
  keyd.shim().order({.value = CKR_GENERAL_ERROR, .times = kWithoutEnd});
  ASSERT_TRUE(keyd.start()) << keyd.log();
  keyd.shim().end_fault();
  EXPECT_THAT(keyd.log(), HasSubstr("<1>key-not-offered key=egress"));
  EXPECT_EQ(provisioning.find_key("egress").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(provisioning.generate("egress", kCjsm, kP256).error().code, ErrorCode::kConflict);
  keyd.restart();
  EXPECT_EQ(provisioning.find_key("egress"), key) << keyd.log();
}

TEST_F(KeydToken, OffersAKeyThatCouldNotBeReadAtOnce) {
  generate("egress");
  constexpr auto kRead = "C_GetAttributeValue";
  const auto before = keyd.shim().calls(kRead);
  keyd.restart();
  const auto of_a_start = static_cast<std::int64_t>(keyd.shim().calls(kRead) - before);
  for (const auto& [spared, times] :
       {std::pair<std::int64_t, std::int64_t>{0, 1}, {0, 2}, {of_a_start / 2, 1}, {of_a_start - 1, 1}}) {
    ASSERT_EQ(keyd.stop(), 0);
    keyd.shim().order({.value = CKR_DEVICE_ERROR,
                       .function = shim_function("C_GetAttributeValue"),
                       .times = times,
                       .spares = spared});
    ASSERT_TRUE(keyd.start()) << spared << keyd.log();
    EXPECT_EQ(keyd.shim().faults_left(), 0);
    EXPECT_TRUE(gateway_signs("egress", certificate_verify("client"))) << spared << keyd.log();
  }
}

TEST_F(KeydToken, MakesNoKeyWhoseFirstSignatureIsWrong) {
  keyd.shim().flip_signatures(1);
  EXPECT_EQ(provisioning.generate("egress", kCjsm, kP256).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(provisioning.list_keys().value().empty());
  ASSERT_EQ(keyd.stop(), 0);
  TokenVisit token(keyd);
  EXPECT_TRUE(token.find(CKO_PRIVATE_KEY, "privyseal:cjsm-identity:egress").empty());
  EXPECT_TRUE(token.find(CKO_PUBLIC_KEY, "privyseal:cjsm-identity:egress").empty());
}

class KeydPin : public testing::Test {
 protected:
  void write_pin(std::string_view pin) { ASSERT_TRUE(replace_file(keyd.pin_file(), bytes_of(pin), 0400)); }

  static constexpr int kAskAHuman = 78;
  TestKeyd keyd{{.shim = true, .start = false}};
  const Bytes right_pin = read_file(keyd.pin_file(), 100).value();
};

TEST_F(KeydPin, IsTriedOnceAndNeverAgainWhenRefused) {
  write_pin("this-is-not-the-pin");
  for (int start = 0; start < 5; ++start) {
    EXPECT_FALSE(keyd.start());
    EXPECT_EQ(keyd.wait_for_end(), kAskAHuman);
  }
  EXPECT_EQ(keyd.shim().calls("C_Login"), 1);
  EXPECT_THAT(keyd.log(), HasSubstr("<1>pin-refused"));
  EXPECT_THAT(keyd.log(), HasSubstr("CKR_PIN_INCORRECT"));
  EXPECT_THAT(keyd.log(), HasSubstr("it is not tried again until that file is replaced"));
  EXPECT_THAT(keyd.log(), Not(HasSubstr("this-is-not-the-pin")));

  write_pin(text_of(right_pin));
  EXPECT_TRUE(keyd.start()) << keyd.log();
  EXPECT_EQ(keyd.shim().calls("C_Login"), 2);
  EXPECT_THAT(keyd.log(), Not(HasSubstr(text_of(right_pin))));
}

TEST_F(KeydPin, IsNotTriedWhenOthersMayReadIt) {
  std::filesystem::permissions(keyd.pin_file(), std::filesystem::perms(0444));
  EXPECT_FALSE(keyd.start());
  EXPECT_EQ(keyd.wait_for_end(), kAskAHuman);
  EXPECT_EQ(keyd.shim().calls("C_Login"), 0);
}

TEST_F(KeydPin, IsNotTriedWhenItCannotBeRecordedThatItWasRefused) {
  std::filesystem::remove(keyd.folder() / "state");
  write_pin("this-is-not-the-pin");
  for (int start = 0; start < 3; ++start) {
    EXPECT_FALSE(keyd.start());
    keyd.wait_for_end();
  }
  EXPECT_EQ(keyd.shim().calls("C_Login"), 0) << keyd.log();
}

TEST_F(KeydPin, IsUsedOnceForAllWorkers) {
  ASSERT_TRUE(keyd.start());
  EXPECT_EQ(hsm::Client(keyd.socket()).health(), true);
  EXPECT_EQ(keyd.stop(), 0);
  EXPECT_EQ(keyd.shim().calls("C_Login"), 1);
}

}  // namespace
}  // namespace privyseal::test
