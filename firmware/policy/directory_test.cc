#include "firmware/policy/directory.h"

#include <gtest/gtest.h>

namespace privyseal::policy {
namespace {

const std::string kColumns =
    "Firstname,Lastname,UserType,Organisation,Secure Email,Address1,Address2,Town/City,Postcode,Telephone,"
    "Mobile,Description,Business Type,CJ Area,Account Status\r\n";

Directory directory(const std::string& rows) {
  auto parsed = Directory::parse(kColumns + rows);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed.value_or(Directory{});
}

smtp::Address address(std::string_view text) { return smtp::parse_mailbox(text).value(); }

const std::string kRows =
    "Ada,\"O\"\"Test, QC\",smtpmail,Chambers,ada@chambers.example.cjsm.net,1 Row,,York,,,,,,,Active\r\n"
    "Ben,Probe,webmail,Court,ben@court.cjsm.net,,,,,,,,,,Deleted\r\n"
    " , ,newtype,Court,office@court.cjsm.net,,,,,,,,,, Active \r\n"
    "No,Address,webmail,Court,,,,,,,,,,,Active\r\n"
    "\xC3\x89va,Fr\xC3\xA9,orgadmin,Court,eva@court.cjsm.net,,,,,,,,,,New User Locked\r\n";

/// F12: quotes, blanks and unknown values are taken.
TEST(FaqF12, DirectoryIsImported) {
  const Directory imported = directory(kRows);
  EXPECT_EQ(imported.entries().size(), 4U);
  EXPECT_EQ(imported.left_out(), 1U);
  const DirectoryEntry* ada = imported.find(address("ADA@chambers.example.cjsm.net"));
  ASSERT_NE(ada, nullptr);
  EXPECT_EQ(ada->cell("Lastname"), "O\"Test, QC");
  EXPECT_EQ(ada->status(), AccountStatus::kActive);
  EXPECT_EQ(imported.find(address("ben@court.cjsm.net"))->status(), AccountStatus::kDeleted);
  EXPECT_EQ(imported.find(address("eva@court.cjsm.net"))->status(), AccountStatus::kLocked);
  EXPECT_EQ(imported.find(address("nobody@court.cjsm.net")), nullptr);
  EXPECT_FALSE(Directory::parse("Firstname\r\nAda\r\n"));
}

TEST(FaqF12, DirectoryMayBeInLatin1) {
  const Directory imported = directory("\xC9va,Fr\xE9,smtpmail,Court,eva@court.cjsm.net,,,,,,,,,,Active\r\n");
  EXPECT_EQ(imported.entries().at(0).cell("Firstname"), "\xC3\x89va");
  EXPECT_EQ(imported.entries().at(0).cell("Lastname"), "Fr\xC3\xA9");
  const Directory windows =
      directory("Una,O\x92Test \x96 \x85,x,Court,una@court.cjsm.net,,,,,,,,,,Active\r\n");
  EXPECT_EQ(windows.entries().at(0).cell("Lastname"), "O'Test - ?");
}

/// F12: what is exported is imported equal.
TEST(FaqF12, ExportIsImportedEqual) {
  const Directory imported = directory(kRows);
  const auto again = Directory::parse(imported.to_file(Directory::Format::kCsv));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->entries().size(), 2U);  // the active ones
  EXPECT_EQ(again->entries()[0].cells, imported.entries()[0].cells);
  EXPECT_EQ(again->to_file(Directory::Format::kCsv), imported.to_file(Directory::Format::kCsv));
}

TEST(FaqF12, LdifEscapesWhatIsNotPlain) {
  const std::string ldif = directory(kRows + "\xC3\x89,: x,,,e@court.cjsm.net,,,,,,,,,,Active\r\n")
                               .to_file(Directory::Format::kLdif);
  EXPECT_TRUE(ldif.starts_with("version: 1\r\n\r\ndn: mail=ada@chambers.example.cjsm.net,ou=CJSM\r\n"))
      << ldif;
  EXPECT_TRUE(ldif.contains("sn: O\"Test, QC\r\n")) << ldif;
  EXPECT_TRUE(ldif.contains("cn: office@court.cjsm.net\r\n")) << ldif;
  EXPECT_TRUE(ldif.contains("givenName:: w4k=\r\n")) << ldif;
  EXPECT_TRUE(ldif.contains("sn:: OiB4\r\n")) << ldif;
  EXPECT_FALSE(ldif.contains("ben@court")) << ldif;
}

TEST(FaqF7, SearchFindsActiveEntriesByEachWord) {
  const Directory imported = directory(kRows);
  EXPECT_EQ(imported.search("chambers ADA", 10).size(), 1U);
  EXPECT_EQ(imported.search("ada court", 10).size(), 0U);
  EXPECT_EQ(imported.search("ben", 10).size(), 0U);  // deleted
  EXPECT_EQ(imported.search("", 10).size(), 2U);
  EXPECT_EQ(imported.search("", 1).size(), 1U);
}

TEST(FaqF7, SearchLooksThroughFiftyThousandRows) {
  std::string rows;
  for (int i = 0; i < 50'000; ++i)
    rows += "F" + std::to_string(i) + ",L,smtpmail,O,p" + std::to_string(i) +
            "@court.cjsm.net,,,,,,,,,,Active\r\n";
  const Directory imported = directory(rows);
  EXPECT_EQ(imported.search("f49999 o", 10).size(), 1U);
  EXPECT_NE(imported.find(address("p49999@court.cjsm.net")), nullptr);
}

TEST(Directory, PartsOfAFileAreTheFile) {
  std::string rows = kRows;
  for (int i = 0; i < 50; ++i) rows += "A,B,,,a" + std::to_string(i) + "@court.cjsm.net,,,,,,,,,,Active\r\n";
  const Directory all = directory(rows);
  for (const auto format : {Directory::Format::kCsv, Directory::Format::kLdif})
    for (const std::size_t enough : {1UL, 100UL, 1000UL}) {
      std::string text;
      std::size_t after = 0;
      while (after < all.entries().size()) {
        auto part = all.to_file(format, after, enough);
        ASSERT_GT(part.next, after);
        text += part.text;
        after = part.next;
      }
      EXPECT_EQ(text, all.to_file(format)) << enough;
    }
}

}  // namespace
}  // namespace privyseal::policy
