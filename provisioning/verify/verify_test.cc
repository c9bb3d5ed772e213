#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "firmware/base/file.h"
#include "provisioning/verify/bundle.h"
#include "provisioning/verify/signature.h"
#include "provisioning/verify/sources.h"
#include "tests/support/temp_folder.h"

namespace privyseal::provisioning {
namespace {

Bytes number(std::size_t value) {
  Bytes bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::byte>(value >> shift & 0xff));
  return bytes;
}

Bytes joined(std::initializer_list<ByteView> parts) {
  Bytes bytes;
  for (const ByteView part : parts) append(bytes, part);
  return bytes;
}

Bytes bundle_of(std::string_view settings, ByteView signature) {
  return joined({bytes_of(kBundleMagic), number(settings.size()), number(signature.size()),
                 bytes_of(settings), signature});
}

TEST(ParseBundle, FindsThePartsAndIgnoresWhatFollows) {
  Bytes bytes = bundle_of("hostname = 'a'", bytes_of("signature"));
  const std::size_t length = bytes.size();
  bytes.resize(length + 512);
  const auto bundle = parse_bundle(bytes);
  ASSERT_TRUE(bundle) << bundle.error().message;
  EXPECT_EQ(text_of(bundle->settings), "hostname = 'a'");
  EXPECT_EQ(text_of(bundle->signature), "signature");
  EXPECT_EQ(bundle->signed_part.size(), length - 9);
  EXPECT_EQ(bundle->whole.size(), length);
}

struct BadBundle {
  std::string name;
  Bytes bytes;
  ErrorCode code;
};

class ParseBundleRefuses : public testing::TestWithParam<BadBundle> {};

TEST_P(ParseBundleRefuses, It) {
  const auto bundle = parse_bundle(GetParam().bytes);
  ASSERT_FALSE(bundle);
  EXPECT_EQ(bundle.error().code, GetParam().code);
}

Bytes header(std::size_t settings, std::size_t signature, std::size_t bytes_after) {
  Bytes bytes = joined({bytes_of(kBundleMagic), number(settings), number(signature)});
  bytes.resize(bytes.size() + bytes_after);
  return bytes;
}

INSTANTIATE_TEST_SUITE_P(
    , ParseBundleRefuses,
    testing::Values(
        BadBundle{"Nothing", {}, ErrorCode::kNotFound},
        BadBundle{"ABlankDisk", Bytes(4096), ErrorCode::kNotFound},
        BadBundle{"AnotherVersion", copy_of(bytes_of("PSPROV2\n\0\0\0\1\0\0\0\1ab")), ErrorCode::kNotFound},
        BadBundle{"HalfTheMagic", copy_of(bytes_of("PSPR")), ErrorCode::kNotFound},
        BadBundle{"TheMagicAlone", copy_of(bytes_of(kBundleMagic)), ErrorCode::kInvalid},
        BadBundle{"NoSettings", header(0, 70, 200), ErrorCode::kInvalid},
        BadBundle{"NoSignature", header(10, 0, 200), ErrorCode::kInvalid},
        BadBundle{"OneByteShort", header(10, 70, 79), ErrorCode::kInvalid},
        BadBundle{"SettingsTooLong", header(kMostSettingsBytes + 1, 70, 80'000), ErrorCode::kInvalid},
        BadBundle{"SignatureTooLong", header(10, 81, 200), ErrorCode::kInvalid},
        BadBundle{"LengthsThatOverflow", header(0xffffffff, 0xffffffff, 200), ErrorCode::kInvalid}),
    [](const auto& c) { return c.param.name; });

/// Keys and signatures by OpenSSL: another implementation than the one under test.
class SignerKey {
 public:
  explicit SignerKey(const char* curve) : key_(EVP_EC_gen(curve), &EVP_PKEY_free) {}

  [[nodiscard]] Bytes public_key() const {
    unsigned char* der = nullptr;
    const int length = i2d_PUBKEY(key_.get(), &der);
    Bytes bytes = copy_of(std::as_bytes(std::span(der, static_cast<std::size_t>(length))));
    OPENSSL_free(der);
    return bytes;
  }
  [[nodiscard]] Bytes sign(std::string_view message) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    Bytes signature(256);
    std::size_t length = signature.size();
    EVP_DigestSign(context.get(), uchar(std::span(signature)), &length, uchar(bytes_of(message)),
                   message.size());
    signature.resize(length);
    return signature;
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

ErrorCode refusal(const Bytes& key, std::string_view message, const Bytes& signature) {
  const auto checked = check_signature(key, bytes_of(message), signature);
  return checked ? ErrorCode::kClosed : checked.error().code;
}

TEST(CheckSignature, PassesWhatTheKeyHasSigned) {
  const SignerKey key("P-256");
  EXPECT_TRUE(check_signature(key.public_key(), bytes_of("message"), key.sign("message")));
}

TEST(CheckSignature, RefusesWhatItHasNot) {
  const SignerKey key("P-256");
  const SignerKey other("P-256");
  Bytes flipped = key.sign("message");
  flipped.back() ^= std::byte{1};
  Bytes longer = key.sign("message");
  longer.push_back(std::byte{0});
  EXPECT_EQ(refusal(key.public_key(), "Message", key.sign("message")), ErrorCode::kDenied);
  EXPECT_EQ(refusal(key.public_key(), "message", other.sign("message")), ErrorCode::kDenied);
  EXPECT_EQ(refusal(key.public_key(), "message", flipped), ErrorCode::kDenied);
  EXPECT_EQ(refusal(key.public_key(), "message", longer), ErrorCode::kDenied);
  EXPECT_EQ(refusal(key.public_key(), "message", {}), ErrorCode::kDenied);
  // r = s = 0, the forgery that a careless implementation takes for any message.
  EXPECT_EQ(refusal(key.public_key(), "message",
                    copy_of(bytes_of(std::string_view("\x30\x06\x02\x01\0\x02\x01\0", 8)))),
            ErrorCode::kDenied);
}

TEST(CheckSignature, RefusesAKeyThatIsNotOfP256) {
  const SignerKey key("P-384");
  EXPECT_EQ(refusal(key.public_key(), "message", key.sign("message")), ErrorCode::kInvalid);
  EXPECT_EQ(refusal(copy_of(bytes_of("no key")), "message", key.sign("message")), ErrorCode::kInvalid);
}

/// The two places of a box, and the folder that set-up reads.
class JudgeSourcesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(out_);
    put(key_, text_of(signer_.public_key()));
  }
  static void put(const std::filesystem::path& file, std::string_view text) { std::ofstream(file) << text; }
  /// A bundle as setup_disk.py makes it: the signature is over its own length, too.
  static Bytes signed_by(const SignerKey& signer, std::string_view settings) {
    constexpr std::size_t kUsualLength = 71;
    for (;;) {
      Bytes message =
          joined({bytes_of(kBundleMagic), number(settings.size()), number(kUsualLength), bytes_of(settings)});
      const Bytes signature = signer.sign(text_of(message));
      if (signature.size() == kUsualLength) return joined({message, signature});
    }
  }
  void put_good(const std::filesystem::path& file, std::string_view settings) const {
    put(file, text_of(signed_by(signer_, settings)));
  }
  void put_forged(const std::filesystem::path& file, std::string_view settings) const {
    put(file, text_of(signed_by(SignerKey("P-256"), settings)));
  }
  /// Empty: it passed.
  [[nodiscard]] std::string why_not() const {
    const auto judged = judge_sources(key_, out_, {.kept = kept_, .disk = disk_});
    EXPECT_EQ(said("refusal"), judged ? "" : judged.error().message + "\n");
    return judged ? "" : judged.error().message;
  }
  /// What lies in the folder for set-up.
  [[nodiscard]] std::string said(const std::string& file) const {
    std::ifstream in(out_ / file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void expect_nothing_of(const std::string& place) const {
    EXPECT_FALSE(std::filesystem::exists(out_ / (place + ".toml")));
    EXPECT_FALSE(std::filesystem::exists(out_ / (place + ".bundle")));
  }

  SignerKey signer_{"P-256"};
  test::TempFolder folder_;
  const std::filesystem::path key_ = folder_ / "key";
  const std::filesystem::path kept_ = folder_ / "kept";
  const std::filesystem::path disk_ = folder_ / "disk";
  const std::filesystem::path out_ = folder_ / "out";
};

constexpr const char* kForged = "its signature is not by the key that this box trusts";

TEST_F(JudgeSourcesTest, WithoutAnyThereIsNothingToStartWith) {
  EXPECT_EQ(why_not(), "no provisioning disk is there");
}

TEST_F(JudgeSourcesTest, AFirstDiskPassesByteForByte) {
  put_good(disk_, "a = 1");
  EXPECT_EQ(why_not(), "");
  EXPECT_EQ(said("disk.toml"), "a = 1");
  EXPECT_EQ(said("disk.bundle"), text_of(read_file(disk_, kMostBundleBytes).value()));
  expect_nothing_of("kept");
}

TEST_F(JudgeSourcesTest, AFirstDiskThatIsForgedStartsNothing) {
  put_forged(disk_, "a = 1");
  EXPECT_EQ(why_not(), kForged);
  expect_nothing_of("disk");
}

TEST_F(JudgeSourcesTest, BothPassEachForItself) {
  put_good(kept_, "a = 1");
  EXPECT_EQ(why_not(), "");
  expect_nothing_of("disk");
  put_good(disk_, "a = 2");
  EXPECT_EQ(why_not(), "");
  EXPECT_EQ(said("kept.toml"), "a = 1");
  EXPECT_EQ(said("disk.toml"), "a = 2");
  EXPECT_EQ(said("disk.refusal"), "");
}

TEST_F(JudgeSourcesTest, ABadDiskDoesNotStopABoxThatHasKeptAGoodFile) {
  put_good(kept_, "a = 1");
  put_good(disk_, "a = 2");
  ASSERT_EQ(why_not(), "");
  for (const char* bad : {"", "a blank disk", "PSPROV1\n"}) {
    put(disk_, bad);
    EXPECT_EQ(why_not(), "");
    EXPECT_EQ(said("kept.toml"), "a = 1");
    EXPECT_NE(said("disk.refusal"), "");
    expect_nothing_of("disk");
  }
  put_forged(disk_, "a = 3");
  EXPECT_EQ(why_not(), "");
  EXPECT_EQ(said("disk.refusal"), std::string(kForged) + "\n");
  expect_nothing_of("disk");
}

/// Otherwise whoever spoils the kept file brings back old settings with an old disk.
TEST_F(JudgeSourcesTest, ABadKeptFileLetsNothingPass) {
  put_good(kept_, "a = 1");
  put_good(disk_, "a = 2");
  ASSERT_EQ(why_not(), "");
  put_forged(kept_, "a = 1");
  EXPECT_EQ(why_not(), std::string("the file that this box has kept: ") + kForged);
  for (const char* place : {"kept", "disk"}) expect_nothing_of(place);
  put(kept_, "");
  EXPECT_NE(why_not(), "");
  std::filesystem::remove(kept_);
  std::filesystem::create_directory(kept_);
  EXPECT_NE(why_not(), "") << "what cannot be read is not the same as nothing";
  expect_nothing_of("disk");
  std::filesystem::remove(kept_);
  std::filesystem::create_symlink(kept_, kept_);
  EXPECT_NE(why_not(), "") << "what cannot be looked at is not the same as nothing";
}

TEST_F(JudgeSourcesTest, WithoutItsKeyNothingPasses) {
  put_good(kept_, "a = 1");
  ASSERT_EQ(why_not(), "");
  std::filesystem::remove(key_);
  EXPECT_NE(why_not(), "");
  expect_nothing_of("kept");
}

}  // namespace
}  // namespace privyseal::provisioning
