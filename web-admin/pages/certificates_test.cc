#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web-admin/pages/appliance_fixture.h"

namespace privyseal::web {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kRequest = "Make a new request</button>";
constexpr std::string_view kRenew = "Renew now</button>";
constexpr std::string_view kTryAgain = "Try again now</button>";
constexpr std::string_view kSend = "1. Send the request";
constexpr std::string_view kImport = "Check and import</button>";
constexpr std::string_view kActivate = "Activate this certificate</button>";
constexpr std::string_view kStartAgain = "Give it up and make a new request</button>";

class CertificatePages : public ApplianceTest {
 protected:
  /// The identity cjsm with this candidate; an empty state: it has none.
  std::string page_with(const std::string& issuer, const std::string& state) {
    JsonObject identity{{"name", "cjsm"}, {"issuer", issuer}, {"active", nullptr}, {"candidate", nullptr}};
    if (!state.empty()) identity["candidate"] = JsonObject{{"generation", 4}, {"state", state}};
    appliance_.answer("renewd", "cert-list", JsonObject{{"identities", JsonArray{identity}}});
    return get("/certificates/cjsm").body;
  }
};

TEST_F(CertificatePages, EachStateOffersWhatCanBeDoneInItAndNothingElse) {
  const struct {
    std::string issuer;
    std::string state;
    std::vector<std::string_view> offered;
  } rows[] = {
      {"manual", "", {kRequest}},
      {"est", "", {kRenew}},
      {"manual", "generating", {kTryAgain}},
      {"manual", "requested", {kSend, kImport, kStartAgain}},
      {"est", "submitted", {kSend, kImport, kStartAgain}},
      {"manual", "issued", {kTryAgain, kImport, kStartAgain}},
      {"est", "issued", {kTryAgain, kImport, kStartAgain}},
      {"manual", "proven", {kActivate, kImport, kStartAgain}},
      {"manual", "failed", {kRequest}},
      {"est", "failed", {kRenew}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.issuer + " " + row.state);
    const std::string page = page_with(row.issuer, row.state);
    for (const auto step : {kRequest, kRenew, kTryAgain, kSend, kImport, kActivate, kStartAgain})
      EXPECT_EQ(page.contains(step), std::ranges::contains(row.offered, step)) << step;
  }
}

TEST_F(CertificatePages, AFailedOneIsShownAsTheLastAttempt) {
  EXPECT_THAT(page_with("manual", "failed"), HasSubstr("The last attempt"));
  EXPECT_THAT(page_with("manual", "failed"), Not(HasSubstr("Under way")));
  EXPECT_THAT(page_with("manual", "issued"), HasSubstr("Under way"));
}

TEST_F(CertificatePages, StartingAgainNamesTheGenerationThatIsGivenUp) {
  EXPECT_THAT(page_with("manual", "issued"), HasSubstr("type=\"hidden\" name=\"instead_of\" value=\"4\""));
  appliance_.answer("renewd", "cert-request", JsonObject());
  EXPECT_EQ(post("/certificates/cjsm/request", "instead_of=4").status, 303);
  const JsonObject asked = appliance_.requests("renewd").back();
  EXPECT_EQ(json_text(asked, "op"), "cert-request");
  EXPECT_EQ(json_number(asked, "instead_of"), 4);
  get("/certificates/cjsm");
  EXPECT_EQ(post("/certificates/cjsm/request").status, 303);
  EXPECT_FALSE(json_number(appliance_.requests("renewd").back(), "instead_of"));
}

}  // namespace
}  // namespace privyseal::web
