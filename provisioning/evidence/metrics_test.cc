#include "provisioning/evidence/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/metrics_check.h"

namespace privyseal::evidence {
namespace {

using test::wrong_in_metrics;
using testing::HasSubstr;
using testing::Not;

TEST(Metrics, AreTheDaemonsFiguresInOneText) {
  const std::string text = metrics_of(
      JsonObject{{"text", "# HELP privyseal_x One.\n# TYPE privyseal_x gauge\nprivyseal_x 1\n"}},
      parse_json_object(R"({"identities":[{"name":"cjsm","active":{"not_after":"2026-03-01T09:00:00Z"}}]})"),
      hsm::Health{.ready = true},
      std::vector<hsm::KeyUses>{{.name = "a", .tls_client = 2, .refused = 1},
                                {.name = "b", .tls_client = 3}});
  EXPECT_EQ(wrong_in_metrics(text), "");
  for (const char* line : {"privyseal_up{daemon=\"gatewayd\"} 1\n", "privyseal_hsm_up 1\n", "privyseal_x 1\n",
                           "privyseal_hsm_operations_total{use=\"tls_client\",result=\"ok\"} 5\n",
                           "privyseal_hsm_operations_total{use=\"any\",result=\"refused\"} 1\n",
                           "privyseal_certificate_not_after_timestamp_seconds{use=\"cjsm\"} 1772355600\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

TEST(Metrics, CountEachUseThatKeydCounts) {
  const std::string text = metrics_of(JsonObject{}, JsonObject{}, hsm::Health{.ready = true},
                                      std::vector<hsm::KeyUses>{{.name = "a",
                                                                 .tls_client = 1,
                                                                 .tls_server = 2,
                                                                 .csr = 3,
                                                                 .certificate = 4,
                                                                 .crl = 5,
                                                                 .checkpoint = 6,
                                                                 .ocsp = 7,
                                                                 .tls12_server = 8}});
  for (const char* line :
       {"tls_client\",result=\"ok\"} 1\n", "tls_server\",result=\"ok\"} 2\n", "csr\",result=\"ok\"} 3\n",
        "certificate\",result=\"ok\"} 4\n", "crl\",result=\"ok\"} 5\n", "checkpoint\",result=\"ok\"} 6\n",
        "ocsp\",result=\"ok\"} 7\n", "tls12_server\",result=\"ok\"} 8\n"})
    EXPECT_THAT(text, HasSubstr("privyseal_hsm_operations_total{use=\"" + std::string(line)));
}

TEST(Metrics, SayWhoDoesNotAnswer) {
  const auto silent = [] { return fail(ErrorCode::kUnavailable, "no answer"); };
  const std::string text = metrics_of(silent(), silent(), silent(), silent());
  EXPECT_EQ(wrong_in_metrics(text), "");
  EXPECT_THAT(text, HasSubstr("privyseal_up{daemon=\"keyd\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("privyseal_hsm_up 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("operations")));
}

struct Unsound {
  const char* name;
  const char* text;
};
void PrintTo(const Unsound& unsound, std::ostream* out) { *out << unsound.name; }

class MetricsCheck : public testing::TestWithParam<Unsound> {};
TEST_P(MetricsCheck, FindsWhatIsWrong) { EXPECT_NE(wrong_in_metrics(GetParam().text), ""); }
INSTANTIATE_TEST_SUITE_P(
    , MetricsCheck,
    testing::ValuesIn(std::to_array<Unsound>({
        {"NoHelp", "# TYPE a gauge\na 1\n"},
        {"NoType", "# HELP a One.\na 1\n"},
        {"Twice", "# HELP a One.\n# TYPE a gauge\na 1\na 1\n"},
        {"FamilyTwice", "# HELP a One.\n# TYPE a gauge\na 1\n# HELP a One.\n# TYPE a gauge\n"},
        {"OtherFamily", "# HELP a One.\n# TYPE a gauge\nb 1\n"},
        {"CounterName", "# HELP a One.\n# TYPE a counter\na 1\n"},
        {"NoNumber", "# HELP a One.\n# TYPE a gauge\na one\n"},
        {"LabelQuote", "# HELP a One.\n# TYPE a gauge\na{b=\"\"\"} 1\n"},
        {"LabelName", "# HELP a One.\n# TYPE a gauge\na{b-c=\"1\"} 1\n"},
        {"NoEnd", "# HELP a One.\n# TYPE a gauge\na 1"},
        {"Falling",
         "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count "
         "1\n"},
        {"NoInf", "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_sum 1\nh_count 2\n"},
        {"NoSum", "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_count 2\n"},
    })),
    [](const auto& c) { return std::string(c.param.name); });

}  // namespace
}  // namespace privyseal::evidence
