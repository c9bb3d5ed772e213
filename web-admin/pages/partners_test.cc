#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web-admin/server/console_fixture.h"

namespace privyseal::web {
namespace {

using testing::HasSubstr;
using testing::Not;

class PartnersPage : public OfficerTest {
 protected:
  static constexpr std::array kGrants{DoorGrant{"console", "mail-partners"}};

  JsonObject answer_;
  std::unique_ptr<Door> door_ =
      stand_in_gateway(kGrants, [this](const DoorRequest&) -> Result<JsonObject> { return answer_; });
};

TEST_F(PartnersPage, ShowsEachDomainItsVolumeAndWhenItWasLastSeen) {
  EXPECT_THAT(get("/partners").body, HasSubstr("No mail was handled yet"));
  answer_ = {{"partners",
              JsonArray{JsonObject{{"domain", "york.cjsm.net"}, {"mails", 41}, {"last_day", "2026-11-21"}}}},
             {"more", false}};
  const std::string page = get("/partners").body;
  for (const char* words : {"york.cjsm.net", ">41<", "2026-11-21", "/mail?text=%40york.cjsm.net"})
    EXPECT_THAT(page, HasSubstr(words));
  EXPECT_THAT(page, Not(HasSubstr("are not shown")));
  answer_["more"] = true;
  EXPECT_THAT(get("/partners").body, HasSubstr("are not shown"));
}

TEST_F(PartnersPage, TakesAnyAnswer) {
  for (const char* odd : {R"({"partners":1})", R"({"partners":[1,{}],"more":7})"}) {
    answer_ = parse_json_object(odd).value();
    EXPECT_EQ(get("/partners").status, 200) << odd;
  }
}

}  // namespace
}  // namespace privyseal::web
