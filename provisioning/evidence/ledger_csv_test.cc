#include "provisioning/evidence/ledger_csv.h"

#include <gtest/gtest.h>

namespace privyseal::evidence {
namespace {

TEST(LedgerCsv, QuotesWhatNeedsItAndDisarmsFormulas) {
  const auto mail = [](const char* row) {
    return parse_json_object(std::string(R"({"row":)") + row + "}").value();
  };
  const auto one = mail(R"({"id":1,"sender":"a,b\"c","reply":null})");
  const auto two = mail(R"({"id":2,"sender":"=1+1","reply":"250 ok\nx","marking":"OFFICIAL"})");
  LedgerCsv csv;
  EXPECT_EQ(csv.heading(), "");
  csv.look_at(one);
  csv.look_at(two);
  EXPECT_EQ(csv.heading() + csv.line(one) + csv.line(two),
            "id,sender,reply,marking\r\n1,\"a,b\"\"c\",,\r\n2,'=1+1,\"250 ok\nx\",OFFICIAL\r\n");
}

}  // namespace
}  // namespace privyseal::evidence
