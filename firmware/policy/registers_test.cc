#include "firmware/policy/registers.h"

#include <gtest/gtest.h>

#include <vector>

namespace privyseal::policy {
namespace {

Day day(std::string_view text) { return parse_day(text).value(); }
WallTime time_at(std::string_view text) { return parse_time(text).value(); }
smtp::Address address(std::string_view text) { return smtp::parse_mailbox(text).value(); }

TEST(Date, TimesAreUtc) {
  EXPECT_EQ(to_rfc3339(time_at("2026-03-01T09:30Z")), "2026-03-01T09:30:00.000Z");
  EXPECT_EQ(to_rfc3339(time_at("2026-03-01T09:30:59Z")), "2026-03-01T09:30:59.000Z");
  for (const char* text : {"", "2026-03-01", "2026-03-01T09:30", "2026-03-01T24:00Z", "2026-03-01T09:60Z",
                           "2026-03-01 09:30Z", "2026-03-01T09:30:60Z", "2026-03-01T09:30+01Z"})
    EXPECT_FALSE(parse_time(text)) << text;
}

/// T3: a commitment to v9.4 does not satisfy v10.2.
TEST(Clause3, CommitmentIsToOneVersionOfTheTerms) {
  const auto register_of = Commitments::parse(
      "address,terms,signed,leaves\r\n"
      "alice@lawfirm.example,v10.2,2026-01-10,\r\n"
      "bob@lawfirm.example,v9.4,2020-01-10,\r\n"
      "carol@lawfirm.example,v10.2,2026-01-10,2026-06-30\r\n"
      "dora@lawfirm.example,v9.4,2020-01-10,\r\n"
      "dora@lawfirm.example,v10.2,2026-05-01,\r\n");
  ASSERT_TRUE(register_of) << register_of.error().message;
  const auto has = [&](const char* sender, const char* today) {
    return register_of->has(address(sender), "v10.2", day(today));
  };
  EXPECT_TRUE(has("alice@lawfirm.example", "2026-01-10"));
  EXPECT_TRUE(has("ALICE@LawFirm.example", "2026-11-01"));
  EXPECT_FALSE(has("alice@lawfirm.example", "2026-01-09"));
  EXPECT_FALSE(has("bob@lawfirm.example", "2026-06-01"));
  EXPECT_TRUE(has("carol@lawfirm.example", "2026-06-30"));
  EXPECT_FALSE(has("carol@lawfirm.example", "2026-07-01"));
  EXPECT_FALSE(has("dora@lawfirm.example", "2026-04-30"));
  EXPECT_TRUE(has("dora@lawfirm.example", "2026-05-01"));
  EXPECT_FALSE(has("eve@lawfirm.example", "2026-05-01"));
  EXPECT_TRUE(register_of->has(address("bob@lawfirm.example"), "v9.4", day("2026-06-01")));
}

/// T9: the permission names sender, kind and days.
TEST(Clause9, PermissionHoldsForItsSenderKindAndDays) {
  const auto permissions = Permissions::parse(
      "reference,sender,kind,from,until,hourly_cap\n"
      "MOJ-1,robot@lawfirm.example,generated,2026-01-01,2026-06-30,20\n"
      "MOJ-2,@lawfirm.example,bulk,2026-01-01,2026-12-31,5\n");
  ASSERT_TRUE(permissions) << permissions.error().message;
  const auto found = [&](const char* sender, MailKind kind, const char* today) {
    const auto permit = permissions->find(address(sender), kind, day(today));
    return permit ? permit->reference : "-";
  };
  EXPECT_EQ(found("Robot@lawfirm.example", MailKind::kGenerated, "2026-01-01"), "MOJ-1");
  EXPECT_EQ(found("robot@lawfirm.example", MailKind::kGenerated, "2026-06-30"), "MOJ-1");
  EXPECT_EQ(found("robot@lawfirm.example", MailKind::kGenerated, "2026-07-01"), "-");
  EXPECT_EQ(found("robot@lawfirm.example", MailKind::kForwarded, "2026-06-30"), "-");
  EXPECT_EQ(found("alice@lawfirm.example", MailKind::kGenerated, "2026-06-30"), "-");
  EXPECT_EQ(found("alice@lawfirm.example", MailKind::kBulk, "2026-06-30"), "MOJ-2");
  EXPECT_EQ(found("alice@sub.lawfirm.example", MailKind::kBulk, "2026-06-30"), "-");
  EXPECT_EQ(permissions->find(address("a@lawfirm.example"), MailKind::kBulk, day("2026-06-30"))->hourly_cap,
            5U);
}

TEST(CouncilK4, AssuredDomainsHoldBelowThemselves) {
  const auto domains = AssuredDomains::parse(
      "domain,status,confirmed\n"
      "police.example.cjsm.net,assured,2026-01-01\n"
      ".pnn.example,assured,2025-06-01\n"
      "old.pnn.example,retired,2019-03-31\n");
  ASSERT_TRUE(domains) << domains.error().message;
  EXPECT_TRUE(domains->has("police.example.cjsm.net"));
  EXPECT_TRUE(domains->has("police.example"));
  EXPECT_TRUE(domains->has("york.pnn.example.cjsm.net"));
  EXPECT_FALSE(domains->has("old.pnn.example.cjsm.net"));
  EXPECT_FALSE(domains->has("a.old.pnn.example.cjsm.net"));
  EXPECT_FALSE(domains->has("evilpolice.example.cjsm.net"));
  EXPECT_FALSE(domains->has("cjsm.net"));
  EXPECT_EQ(domains->oldest(), day("2025-06-01"));
}

TEST(FaqF9, MaintenanceIsAWindow) {
  const auto calendar = Maintenance::parse(
      "from,until\n2026-12-12T06:00Z,2026-12-12T10:00Z\n2026-12-05T06:00Z,2026-12-05T08:30Z\n");
  ASSERT_TRUE(calendar) << calendar.error().message;
  EXPECT_FALSE(calendar->at(time_at("2026-12-05T05:59:59Z")));
  EXPECT_TRUE(calendar->at(time_at("2026-12-05T06:00Z")));
  EXPECT_FALSE(calendar->at(time_at("2026-12-05T08:30Z")));
  EXPECT_EQ(calendar->next(time_at("2026-12-05T06:00Z"))->from, time_at("2026-12-12T06:00Z"));
  EXPECT_FALSE(calendar->next(time_at("2026-12-13T06:00Z")));
}

struct Bad {
  const char* csv;
  const char* message;
};

TEST(Registers, AreRefusedByLineAndReason) {
  for (const auto& [csv, message] : std::vector<Bad>{
           {"address,terms\n", "commitments.csv: column missing: signed"},
           {"address,terms,signed\nalice,v10.2,2026-01-01\n", "commitments.csv: line 2: address is none"},
           {"address,terms,signed\na@b.example,,2026-01-01\n", "commitments.csv: line 2: terms is empty"},
           {"address,terms,signed\na@b.example,v10.2,01/01/2026\n", "commitments.csv: line 2: signed"},
           {"address,terms,signed,leaves\na@b.example,v10.2,2026-01-01,2025-01-01\n",
            "commitments.csv: line 2: signed"},
       })
    EXPECT_TRUE(Commitments::parse(csv).error().message.starts_with(message)) << csv;
  const std::string columns = "reference,sender,kind,from,until,hourly_cap\n";
  for (const auto& [row, message] : std::vector<Bad>{
           {",a@b.example,bulk,2026-01-01,2026-01-01,1", "permissions.csv: line 2: reference"},
           {"r permit/s,a@b.example,bulk,2026-01-01,2026-01-01,1", "permissions.csv: line 2: reference"},
           {"r,@,bulk,2026-01-01,2026-01-01,1", "permissions.csv: line 2: sender"},
           {"r,a@b.example,any,2026-01-01,2026-01-01,1", "permissions.csv: line 2: kind"},
           {"r,a@b.example,bulk,2026-01-01,,1", "permissions.csv: line 2: from"},
           {"r,a@b.example,bulk,2026-01-01,2026-01-01,-1", "permissions.csv: line 2: hourly_cap"},
           {"r,a@b.example,bulk,2026-01-01,2026-01-01,4294967296", "permissions.csv: line 2: hourly_cap"},
       })
    EXPECT_TRUE(Permissions::parse(columns + row).error().message.starts_with(message)) << row;
  for (const auto& [row, message] :
       std::vector<Bad>{{"a b,assured,2026-01-01", "assured.csv: line 2: domain"},
                        {"a.example,yes,2026-01-01", "assured.csv: line 2: status"},
                        {"a.example,assured,", "assured.csv: line 2: confirmed"}})
    EXPECT_TRUE(AssuredDomains::parse(std::string("domain,status,confirmed\n") + row)
                    .error()
                    .message.starts_with(message))
        << row;
  EXPECT_FALSE(Maintenance::parse("from,until\n2026-12-05T06:00Z,2026-12-05T06:00Z\n"));
  EXPECT_FALSE(Maintenance::parse("from,until\n2026-12-05T06:00Z\n"));
}

}  // namespace
}  // namespace privyseal::policy
