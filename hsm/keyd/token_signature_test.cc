#include "hsm/keyd/token_signature.h"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>

#include "firmware/base/sha256.h"
#include "hsm/key_kind.h"

namespace privyseal::keyd {
namespace {

using enum hsm::KeyType;
using enum hsm::Hash;

TEST(Scheme, EachTypeSignsTlsWithItsOwnHashesOnly) {
  struct Row {
    hsm::KeyType type;
    hsm::Hash hash;
    std::optional<Scheme> scheme;
  };
  for (const Row& row : {
           Row{kEcP256, kOfKey, Scheme::kEcdsaSha256},
           Row{kEcP256, kSha256, Scheme::kEcdsaSha256},
           Row{kEcP256, kSha384, {}},
           Row{kEcP256, kSha512, {}},
           Row{kEcP384, kOfKey, Scheme::kEcdsaSha384},
           Row{kEcP384, kSha384, Scheme::kEcdsaSha384},
           Row{kEcP384, kSha256, {}},
           Row{kEd25519, kOfKey, Scheme::kEd25519},
           Row{kEd25519, kSha256, {}},
           Row{kEd25519, kSha512, {}},
           Row{kRsa2048, kOfKey, Scheme::kPssSha256},
           Row{kRsa2048, kSha384, Scheme::kPssSha384},
           Row{kRsa3072, kSha512, Scheme::kPssSha512},
           Row{kRsa4096, kSha256, Scheme::kPssSha256},
       }) {
    const auto scheme = tls13_scheme(row.type, row.hash);
    EXPECT_EQ(scheme ? std::optional(*scheme) : std::nullopt, row.scheme)
        << hsm::kind_of(row.type).name << " " << static_cast<int>(row.hash);
  }
}

TEST(Scheme, Pkcs1IsForDocumentsAlone) {
  for (const hsm::KeyKind& kind : hsm::kKeyKinds) {
    EXPECT_EQ(document_scheme(kind.type) == Scheme::kPkcs1Sha256, kind.family == hsm::KeyFamily::kRsa);
    for (const hsm::Hash hash : {kOfKey, kSha256, kSha384, kSha512})
      EXPECT_NE(tls13_scheme(kind.type, hash).value_or(Scheme::kEd25519), Scheme::kPkcs1Sha256);
  }
}

TEST(TokenSignature, TheTokenIsAskedForTheBareOperation) {
  const auto message = bytes_of("abc");
  const auto hash = copy_of(sha256(message));
  const auto ecdsa = token_call_for(Scheme::kEcdsaSha256, message, pkcs11::quirks_of(""));
  EXPECT_EQ(ecdsa.mechanism, CK_MECHANISM_TYPE{CKM_ECDSA});
  EXPECT_EQ(ecdsa.input, hash);
  EXPECT_TRUE(ecdsa.parameter.empty());
  const auto eddsa = token_call_for(Scheme::kEd25519, message, pkcs11::quirks_of(""));
  EXPECT_EQ(eddsa.mechanism, CK_MECHANISM_TYPE{CKM_EDDSA});
  EXPECT_EQ(eddsa.input, copy_of(message));
  const auto pkcs1 = token_call_for(Scheme::kPkcs1Sha256, message, pkcs11::quirks_of(""));
  EXPECT_EQ(pkcs1.mechanism, CK_MECHANISM_TYPE{CKM_RSA_PKCS});
  EXPECT_EQ(to_hex(pkcs1.input), "3031300d060960864801650304020105000420" + to_hex(hash));
}

TEST(TokenSignature, AModuleMayHashForPkcs1Itself) {
  pkcs11::Quirks quirks = pkcs11::quirks_of("");
  quirks.hashes_for_pkcs1 = true;
  const auto pkcs1 = token_call_for(Scheme::kPkcs1Sha256, bytes_of("abc"), quirks);
  EXPECT_EQ(pkcs1.mechanism, CK_MECHANISM_TYPE{CKM_SHA256_RSA_PKCS});
  EXPECT_EQ(pkcs1.input, copy_of(bytes_of("abc")));
  EXPECT_EQ(token_call_for(Scheme::kEcdsaSha256, bytes_of("abc"), quirks).mechanism,
            CK_MECHANISM_TYPE{CKM_ECDSA});
}

TEST(TokenSignature, PssHasOneHashForAll) {
  struct Row {
    Scheme scheme;
    CK_MECHANISM_TYPE hash;
    CK_RSA_PKCS_MGF_TYPE mask;
    std::size_t bytes;
  };
  for (const Row& row : {Row{Scheme::kPssSha256, CKM_SHA256, CKG_MGF1_SHA256, 32},
                         Row{Scheme::kPssSha384, CKM_SHA384, CKG_MGF1_SHA384, 48},
                         Row{Scheme::kPssSha512, CKM_SHA512, CKG_MGF1_SHA512, 64}}) {
    const auto call = token_call_for(row.scheme, bytes_of("abc"), pkcs11::quirks_of(""));
    EXPECT_EQ(call.mechanism, CK_MECHANISM_TYPE{CKM_RSA_PKCS_PSS});
    EXPECT_EQ(call.input.size(), row.bytes);
    CK_RSA_PKCS_PSS_PARAMS parameter{};
    ASSERT_EQ(call.parameter.size(), sizeof(parameter));
    std::memcpy(&parameter, call.parameter.data(), sizeof(parameter));
    EXPECT_EQ(parameter.hashAlg, row.hash);
    EXPECT_EQ(parameter.mgf, row.mask);
    EXPECT_EQ(parameter.sLen, row.bytes);
  }
}

TEST(TokenSignature, AnAnswerOfAnotherSizeIsNone) {
  for (const hsm::KeyKind& kind : hsm::kKeyKinds) {
    const std::size_t size = kind.family == hsm::KeyFamily::kRsa ? kind.bits / 8
                             : kind.type == kEcP384              ? 96
                                                                 : 64;
    EXPECT_TRUE(signature_from_token(kind.type, Bytes(size, std::byte{1}))) << kind.name;
    for (const std::size_t wrong : {std::size_t{0}, size - 1, size + 1})
      EXPECT_FALSE(signature_from_token(kind.type, Bytes(wrong, std::byte{1}))) << kind.name;
  }
}

}  // namespace
}  // namespace privyseal::keyd
