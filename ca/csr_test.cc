#include "ca/csr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "ca/openssl.h"

namespace privyseal::ca {
namespace {

using MdContextPtr = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;

const CsrSubject kSubject{
    "gateway.example.cjsm.net", "Example Council", {"gateway.example.cjsm.net", "mx2.example.uk"}};

Bytes public_key_of(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key, &der);
  Bytes bytes = copy_of(std::as_bytes(std::span(der, static_cast<std::size_t>(length))));
  OPENSSL_free(der);
  return bytes;
}

Bytes sign(EVP_PKEY* key, const char* digest, ByteView message) {
  const MdContextPtr context(EVP_MD_CTX_new());
  Bytes signature(512);
  std::size_t length = signature.size();
  EXPECT_EQ(EVP_DigestSignInit_ex(context.get(), nullptr, digest, nullptr, nullptr, key, nullptr), 1);
  EXPECT_EQ(
      EVP_DigestSign(context.get(), uchar(std::span(signature)), &length, uchar(message), message.size()), 1);
  signature.resize(length);
  return signature;
}

/// A curve, "ED25519" or "RSA".
PkeyPtr new_key(const std::string& kind) {
  if (kind == "RSA") return PkeyPtr(EVP_RSA_gen(2048));
  if (kind.starts_with("ED")) return PkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, kind.c_str()));
  return PkeyPtr(EVP_EC_gen(kind.c_str()));
}

RequestPtr request_in(const std::string& pem) {
  const BioPtr memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return RequestPtr(PEM_read_bio_X509_REQ(memory.get(), nullptr, nullptr, nullptr));
}

std::string subject_of(X509_REQ* request) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(memory.get(), X509_REQ_get_subject_name(request), 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long length = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

std::vector<std::string> dns_names_of(X509_REQ* request) {
  STACK_OF(X509_EXTENSION)* extensions = X509_REQ_get_extensions(request);
  const GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions, NID_subject_alt_name, nullptr, nullptr)));
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  std::vector<std::string> found;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = -1;
    const auto* text =
        static_cast<ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type));
    EXPECT_EQ(type, GEN_DNS);
    found.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                       static_cast<std::size_t>(ASN1_STRING_length(text)));
  }
  return found;
}

struct CurveCase {
  const char* name;
  const char* group;
  const char* digest;
  int signature_nid;
};
class EachCurve : public testing::TestWithParam<CurveCase> {};
INSTANTIATE_TEST_SUITE_P(, EachCurve,
                         testing::Values(CurveCase{"P256", "P-256", "SHA256", NID_ecdsa_with_SHA256},
                                         CurveCase{"P384", "P-384", "SHA384", NID_ecdsa_with_SHA384},
                                         CurveCase{"Ed25519", "ED25519", nullptr, NID_ED25519},
                                         CurveCase{"Rsa", "RSA", "SHA256", NID_sha256WithRSAEncryption}),
                         [](const auto& c) { return std::string(c.param.name); });

TEST_P(EachCurve, OpensslReadsAndVerifiesTheRequest) {
  const PkeyPtr key = new_key(GetParam().group);
  const Bytes info = csr_info(public_key_of(key.get()), kSubject).value();
  const std::string pem = csr_pem(info, sign(key.get(), GetParam().digest, info)).value();
  const RequestPtr request = request_in(pem);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(X509_REQ_verify(request.get(), key.get()), 1);
  EXPECT_EQ(X509_REQ_get_version(request.get()), X509_REQ_VERSION_1);
  EXPECT_EQ(X509_REQ_get_signature_nid(request.get()), GetParam().signature_nid);
  EXPECT_EQ(subject_of(request.get()), "CN=gateway.example.cjsm.net,O=Example Council");
  EXPECT_THAT(dns_names_of(request.get()),
              testing::ElementsAre("gateway.example.cjsm.net", "mx2.example.uk"));
}

TEST_P(EachCurve, RefusesASignatureThatIsNotTheKeysOverTheInfo) {
  const PkeyPtr key = new_key(GetParam().group);
  const Bytes info = csr_info(public_key_of(key.get()), kSubject).value();
  const Bytes other_info = csr_info(public_key_of(key.get()), {"other", "", {"other"}}).value();
  const Bytes good = sign(key.get(), GetParam().digest, info);
  Bytes longer = good;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(csr_pem(info, sign(key.get(), GetParam().digest, other_info)));
  if (GetParam().digest != nullptr) {  // Ed25519 has no other
    EXPECT_FALSE(csr_pem(info, sign(key.get(), "SHA512", info)));
  }
  EXPECT_FALSE(csr_pem(info, sign(new_key(GetParam().group).get(), GetParam().digest, info)));
  EXPECT_FALSE(csr_pem(info, longer));
  EXPECT_FALSE(csr_pem(info, {}));
  EXPECT_FALSE(csr_pem({}, good));
  EXPECT_FALSE(csr_pem(ByteView(info).first(info.size() - 1), good));
  EXPECT_FALSE(csr_pem(Bytes(20'000), good));
  EXPECT_TRUE(csr_pem(info, good));
}

TEST(CsrInfo, AnOrganisationMayBeLeftOut) {
  const PkeyPtr key = new_key("P-256");
  const Bytes info = csr_info(public_key_of(key.get()), {"gateway", "", {"gateway"}}).value();
  const std::string pem = csr_pem(info, sign(key.get(), "SHA256", info)).value();
  EXPECT_EQ(subject_of(request_in(pem).get()), "CN=gateway");
}

TEST(CsrInfo, TextIsTextWhateverItLooksLike) {  // no OpenSSL configuration syntax, no separators
  const PkeyPtr key = new_key("P-256");
  const Bytes info =
      csr_info(public_key_of(key.get()), {"a/CN=b,O=c+é", "@section, DNS:x", {"gateway"}}).value();
  const RequestPtr request = request_in(csr_pem(info, sign(key.get(), "SHA256", info)).value());
  EXPECT_EQ(X509_NAME_entry_count(X509_REQ_get_subject_name(request.get())), 2);
  EXPECT_THAT(dns_names_of(request.get()), testing::ElementsAre("gateway"));
}

TEST(CsrInfo, ARequestWithAllTheNamesItMayHaveIsWritten) {
  const PkeyPtr key = new_key("P-384");
  const std::string longest = std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') +
                              "." + std::string(61, 'd');
  const Bytes info = csr_info(public_key_of(key.get()),
                              {std::string(64, 'n'), std::string(64, 'o'), std::vector(16, longest)})
                         .value();
  EXPECT_TRUE(csr_pem(info, sign(key.get(), "SHA384", info)));
}

struct BadSubject {
  const char* name;
  CsrSubject subject;
};
class RefusedSubject : public testing::TestWithParam<BadSubject> {};
TEST_P(RefusedSubject, IsInvalid) {
  const auto info = csr_info(public_key_of(new_key("P-256").get()), GetParam().subject);
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, ErrorCode::kInvalid);
}
INSTANTIATE_TEST_SUITE_P(, RefusedSubject,
                         testing::ValuesIn(std::to_array<BadSubject>({
                             {"NoCommonName", {"", "o", {"a.b"}}},
                             {"LongCommonName", {std::string(65, 'c'), "o", {"a.b"}}},
                             {"CommonNameNotUtf8", {"\xff\xfe", "o", {"a.b"}}},
                             {"LongOrganisation", {"c", std::string(65, 'o'), {"a.b"}}},
                             {"OrganisationNotUtf8", {"c", "\xc3", {"a.b"}}},
                             {"NoDnsName", {"c", "o", {}}},
                             {"TooManyDnsNames", {"c", "o", std::vector<std::string>(17, "a.b")}},
                             {"OneBadDnsName", {"c", "o", {"a.b", "a b"}}},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(CsrInfo, RefusesOtherKeys) {
  const Bytes good = public_key_of(new_key("P-256").get());
  Bytes longer = good;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(csr_info({}, kSubject));
  EXPECT_FALSE(csr_info(longer, kSubject));
  EXPECT_FALSE(csr_info(ByteView(good).first(good.size() - 1), kSubject));
  EXPECT_FALSE(csr_info(public_key_of(new_key("P-521").get()), kSubject));
  EXPECT_FALSE(csr_info(public_key_of(new_key("ED448").get()), kSubject));
  EXPECT_FALSE(csr_info(public_key_of(PkeyPtr(EVP_RSA_gen(1024)).get()), kSubject));
}

TEST(IsDnsName, TakesHostNamesOnly) {
  for (const std::string& name : {std::string("a"), std::string("mail.example.cjsm.net"),
                                  std::string("A-1.b"), std::string(63, 'a') + ".b"})
    EXPECT_TRUE(is_dns_name(name)) << name;
  for (const std::string& name :
       {std::string(""), std::string("."), std::string("a."), std::string(".a"), std::string("a..b"),
        std::string("-a"), std::string("a-"), std::string("a_b"), std::string("*.a"), std::string("a b"),
        std::string("a\0b", 3), std::string("caf\xc3\xa9.fr"), std::string("a,DNS:b"), std::string(64, 'a'),
        std::string(254, 'a'), std::string("a\n")})
    EXPECT_FALSE(is_dns_name(name)) << name;
}

}  // namespace
}  // namespace privyseal::ca
