#include "firmware/base/cpu_crypto.h"

#include <gtest/gtest.h>

namespace privyseal {
namespace {

struct Row {
  std::string_view name;
  std::string_view text;
  std::string_view says;
};

class CpuSettings : public testing::TestWithParam<Row> {};

TEST_P(CpuSettings, AreReadAsLibcryptoTellsThem) {
  EXPECT_EQ(to_text(parse_cpu_settings(GetParam().text)), GetParam().says);
}

INSTANTIATE_TEST_SUITE_P(
    , CpuSettings,
    testing::Values(Row{"AServer",
                        "OPENSSL_ia32cap=0xfffa3203078bffff:0x00405fc6f1bf07ab:0x0000002000000010:0x0:0x0",
                        "AES-NI, VAES, SHA-NI, AVX-512, RDRAND"},
                    Row{"TwoWordsOnly", "OPENSSL_ia32cap=0x0200000200000000:0x0", "AES-NI"},
                    Row{"AesWithoutMultiplication", "OPENSSL_ia32cap=0x0200000000000000:0x0", "none"},
                    Row{"RandomAlone", "OPENSSL_ia32cap=0x4000000000000000:0x0", "RDRAND"},
                    Row{"ShaAlone", "OPENSSL_ia32cap=0x0:0x20000000", "SHA-NI"},
                    Row{"WideRegisters", "OPENSSL_ia32cap=0x0:0x0000020000010000", "VAES, AVX-512"},
                    Row{"Nothing", "OPENSSL_ia32cap=0x0:0x0", "none"},
                    Row{"AnotherProcessor", "OPENSSL_armcap=0x7d", "unknown"},
                    Row{"OneWord", "OPENSSL_ia32cap=0x1", "unknown"},
                    Row{"NoWord", "OPENSSL_ia32cap=", "unknown"},
                    Row{"NoNumber", "OPENSSL_ia32cap=0x1:0xzz", "unknown"},
                    Row{"TooLong", "OPENSSL_ia32cap=0x1:0x11111111111111111", "unknown"},
                    Row{"Negative", "OPENSSL_ia32cap=0x-1:0x0", "unknown"}, Row{"Empty", "", "unknown"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(CpuCrypto, OfThisProcessIsKnown) { EXPECT_NE(to_text(cpu_crypto()), "unknown"); }

}  // namespace
}  // namespace privyseal
