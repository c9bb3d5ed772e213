#include "firmware/smtp/hop_place.h"

#include <gtest/gtest.h>

#include <array>

namespace privyseal::smtp {
namespace {

struct Case {
  const char* name;
  std::string_view line;
  const char* again;  ///< as it is written; null: refused
};

class HopPlaceLine : public testing::TestWithParam<Case> {};

TEST_P(HopPlaceLine, NamesAHopOrIsRefused) {
  const auto hop = parse_hop_place(GetParam().line);
  ASSERT_EQ(hop.has_value(), GetParam().again != nullptr);
  if (hop)
    EXPECT_EQ(hop->line(), GetParam().again);
  else
    EXPECT_EQ(hop.error().code, ErrorCode::kInvalid);
}

INSTANTIATE_TEST_SUITE_P(
    , HopPlaceLine,
    testing::ValuesIn(std::to_array<Case>({
        {"Address", "192.0.2.7:25 = relay2.example", "192.0.2.7:25 = relay2.example"},
        {"HostName", "relay2.example:25 = relay2.example", "relay2.example:25 = relay2.example"},
        {"Ipv6", "[2001:db8::1]:25 = relay2.example", "[2001:db8::1]:25 = relay2.example"},
        {"NoBlanks", "192.0.2.7:25=relay2.example", "192.0.2.7:25 = relay2.example"},
        {"Implicit", "192.0.2.7:465 = relay2.example = implicit",
         "192.0.2.7:465 = relay2.example = implicit"},
        {"StartTls", "192.0.2.7:25 = relay2.example = starttls", "192.0.2.7:25 = relay2.example"},
        {"InClear", "192.0.2.7:25 = relay2.example = none", nullptr},
        {"Nothing", "", nullptr},
        {"NoName", "192.0.2.7:25", nullptr},
        {"EmptyName", "192.0.2.7:25 = ", nullptr},
        {"NoPort", "192.0.2.7 = relay2.example", nullptr},
        {"PortNought", "192.0.2.7:0 = relay2.example", nullptr},
        {"PortTooBig", "192.0.2.7:65536 = relay2.example", nullptr},
        {"NoHost", ":25 = relay2.example", nullptr},
        {"NameWithABlank", "192.0.2.7:25 = relay 2", nullptr},
        {"NameWithAQuote", "192.0.2.7:25 = relay2\".example", nullptr},
        {"OneTooMany", "192.0.2.7:25 = relay2.example = implicit = 1", nullptr},
    })),
    [](const auto& c) { return std::string(c.param.name); });

}  // namespace
}  // namespace privyseal::smtp
