#include "firmware/base/audit/entry.h"

#include <gtest/gtest.h>

#include "firmware/base/audit/json_line.h"
#include "firmware/base/json.h"

namespace privyseal::audit {
namespace {

TEST(AuditEntry, IsOneCanonicalLine) {
  const Entry entry{.actor = "alice",
                    .role = "officer",
                    .source = "192.0.2.7",
                    .action = "cert-activate",
                    .object = "identity/cjsm",
                    .params_hash = "00ff",
                    .outcome = "ok",
                    .why = "renewal"};
  EXPECT_EQ(
      to_line(entry, 7, WallTime{std::chrono::milliseconds{1772355662345}}, "b00t"),
      R"({"v":1,"seq":7,"ts":"2026-03-01T09:01:02.345Z","boot":"b00t","actor":"alice","role":"officer",)"
      R"("source":"192.0.2.7","action":"cert-activate","object":"identity/cjsm","params_hash":"00ff",)"
      R"("outcome":"ok","why":"renewal"})");
}

TEST(JsonLine, IsNotLeftByItsValues) {
  EXPECT_EQ(JsonLine().text("a", "\",\"x\":\"\\\n\r\t\b\f\x01\x1f/\x7f").null("n").number("m", -1).line(),
            "{\"a\":\"\\\",\\\"x\\\":\\\"\\\\\\n\\r\\t\\b\\f\\u0001\\u001f/\x7f\",\"n\":null,\"m\":-1}");
}

TEST(JsonLine, KeepsUtf8AndReplacesWhatIsNone) {
  EXPECT_EQ(JsonLine().text("a", "Gr\xc3\xbc\xc3\x9f \xf0\x9f\x93\xa7").line(),
            "{\"a\":\"Gr\xc3\xbc\xc3\x9f \xf0\x9f\x93\xa7\"}");
  for (const char* bad : {"\xff", "\xc0", "\xc3", "\x80", "\xf5"})
    EXPECT_EQ(JsonLine().text("a", bad).line(), "{\"a\":\"\xef\xbf\xbd\"}");
  EXPECT_EQ(JsonLine().text("a", "\xed\xa0\x80").line(),  // half of a surrogate pair
            "{\"a\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}");
}

TEST(JsonLine, IsWrittenTheSameByAnotherWriter) {
  std::string all;
  for (int i = 1; i < 0x80; ++i) all += static_cast<char>(i);
  const std::string line = JsonLine().text("z", all + "\xc3\xbc").number("a", 9).null("b").line();
  const auto parsed = parse_json_object(line);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(to_text(*parsed), line);
}

}  // namespace
}  // namespace privyseal::audit
