#include "hsm/keyd/key_label.h"

#include <gtest/gtest.h>

namespace privyseal::keyd {
namespace {

TEST(KeyLabel, KeepsRoleAndName) {
  for (const auto role : {hsm::KeyRole::kCjsmIdentity, hsm::KeyRole::kLanIdentity, hsm::KeyRole::kAudit,
                          hsm::KeyRole::kIssuingCa, hsm::KeyRole::kConsoleIdentity}) {
    const KeyLabel label{.role = role, .name = "egress-1"};
    EXPECT_EQ(parse_key_label(to_text(label)), label);
  }
  EXPECT_EQ(to_text({.role = hsm::KeyRole::kLanIdentity, .name = "a"}), "privyseal:lan-identity:a");
}

TEST(KeyLabel, LeavesForeignObjectsAlone) {
  using namespace std::string_view_literals;
  for (const auto text :
       {""sv, "privyseal"sv, "privyseal:"sv, "privyseal:cjsm-identity"sv, "privyseal:cjsm-identity:"sv,
        "privyseal:cjsm-identity:Upper"sv, "privyseal:cjsm-identity:a b"sv, "privyseal:cjsm-identity:a:b"sv,
        "privyseal:cjsm-identity:a\0"sv, "privyseal::a"sv, "privyseal:mail:a"sv,
        "privyseal:CJSM-IDENTITY:a"sv, " privyseal:cjsm-identity:a"sv, "Privyseal:cjsm-identity:a"sv,
        "cjsm-identity:a"sv, "privyseal:cjsm-identity:123456789012345678901234567890123"sv})
    EXPECT_FALSE(parse_key_label(text)) << text;
}

}  // namespace
}  // namespace privyseal::keyd
