#include "web-admin/pages/declarations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "provisioning/evidence/embedded.h"
#include "provisioning/evidence/terms.h"
#include "web-admin/server/console_fixture.h"

namespace privyseal::web {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kTraining = "by=A.+%3CSmith%3E&review=2027-11-22&text=On+file%0D%0Awith+personnel.";

class DeclarationPages : public OfficerTest {
 protected:
  Response declare(const std::string& name, const std::string& fields) {
    get("/declarations/" + name);
    return post("/declarations/" + name, fields);
  }
  void write_file(const std::string& text) { std::ofstream(settings_.declarations) << text; }
  /// The audit log's last entries, oldest first, without their times.
  std::string entries(std::int64_t count) {
    const auto size = json_number(ask_own_log(services_, "audit-checkpoint", {}).value(), "size").value();
    const auto answer = ask_own_log(services_, "audit-entries", {{"after", size - count}}).value();
    const std::vector<std::string> lines = json_texts(answer, "entries").value();
    std::string all;
    for (const std::string& line : lines) {
      const JsonObject entry = parse_json_object(line).value();
      for (const char* key : {"actor", "action", "object", "outcome", "why"}) all += shown(entry, key) + "|";
      all += "\n";
    }
    return all;
  }
};

TEST_F(DeclarationPages, EachThatTheTermsAskForIsThereWithItsClauseAndDue) {
  const auto terms = evidence::parse_terms(evidence::kTerms, "terms").value();
  const auto names = terms.declarations();
  ASSERT_EQ(names.size(), 29U);
  const std::string page = get("/declarations").body;
  for (const std::string& name : names) EXPECT_THAT(page, HasSubstr("href=\"/declarations/" + name + "\""));
  for (const char* words :
       {"29 of 29 are due.", "The organisation has not declared this yet.",
        "7. Users: own names, no sharing, training (user accounts)", "Who signed these terms (acceptance)",
        "We confirm that a firewall is used to protect our systems/organisation connecting to CJSM"})
    EXPECT_THAT(page, HasSubstr(words));
  for (const char* words : {"Declared by", ">Declared</strong>"}) EXPECT_THAT(page, Not(HasSubstr(words)));
  for (const char* other : {"/audit", "/audit-pack"})
    EXPECT_THAT(get(other).body, HasSubstr("29 of 29 are due")) << other;
}

TEST_F(DeclarationPages, WhatAnOfficerDeclaresIsShownAndRecorded) {
  const std::string before = get("/declarations/training").body;
  for (const char* words : {"Declare it<", "today&#39;s date, 2026-11-22", "value=\"2027-11-22\"",
                            "receive appropriate security awareness training"})
    EXPECT_THAT(before, HasSubstr(words));
  const Response done = declare("training", kTraining);
  EXPECT_EQ(done.status, 303);
  EXPECT_THAT(done.headers, testing::Contains(std::pair("Location", "/declarations?done=training")));
  const std::string what = "|declaration-make|declaration/training|";
  const std::string why =
      "|Declared on 2026-11-22 by A. <Smith>; to be reviewed by 2027-11-22. On file with personnel.|\n";
  EXPECT_EQ(entries(2), "alice" + what + "begun" + why + "alice" + what + "ok" + why);

  const std::string page = get("/declarations?done=training").body;
  for (const char* words :
       {"It is declared: 7. Users", "28 of 29 are due.", "A. &lt;Smith&gt;", "2026-11-22", "2027-11-22",
        "On file with personnel.", "Declare anew: 7. Users", ">Declared</strong>"})
    EXPECT_THAT(page, HasSubstr(words));
  const auto again = Store::open(folder_.path() / "console.db", "box.example/admind", clock_).value();
  EXPECT_EQ(again->declarations().all().value().at("training").by, "A. <Smith>");
}

TEST_F(DeclarationPages, OneIsDueFromItsReviewDayAndIsThenMadeAnew) {
  EXPECT_EQ(declare("training", "by=A.+Smith&review=2026-12-01&text=One.").status, 303);
  EXPECT_THAT(get("/").body, Not(HasSubstr("Review due")));
  clock_.pass(std::chrono::days(9) - std::chrono::minutes(1));
  sign_in(officer_);
  EXPECT_THAT(get("/declarations").body, HasSubstr("28 of 29 are due."));
  clock_.pass(std::chrono::minutes(1));
  EXPECT_THAT(get("/declarations").body, HasSubstr("29 of 29 are due."));
  const std::string page = get("/declarations/training").body;
  for (const char* words : {"Declare it anew", "value=\"A. Smith\"", ">One.</textarea>", "\"2027-12-01\""})
    EXPECT_THAT(page, HasSubstr(words));
  EXPECT_EQ(declare("training", "by=B.+Jones&review=2027-12-02&text=Two.").status, 303);
  const std::string after = get("/declarations").body;
  for (const char* words : {"28 of 29 are due.", "B. Jones", "2027-12-02", "Two."})
    EXPECT_THAT(after, HasSubstr(words));
  EXPECT_THAT(after, Not(HasSubstr("A. Smith")));
}

TEST_F(DeclarationPages, WhatIsNoDeclarationIsRefusedAndNotRecorded) {
  const std::string before = entries(1);
  for (const auto& [fields, why] : std::vector<std::pair<std::string, std::string>>{
           {"", "Say what is declared."},
           {"by=A&review=2027-01-01&text=", "Say what is declared."},
           {"by=&review=2027-01-01&text=x", "The name of the person who declares it is missing."},
           {"by=A&review=&text=x", "The review day must be a day"},
           {"by=A&review=soon&text=x", "The review day must be a day"},
           {"by=A&review=2026-11-22&text=x", "The review day must come after"},
           {"by=A&review=2027-11-24&text=x", "within a year of it."},
           {"by=" + std::string(121, 'a') + "&review=2027-01-01&text=x", "120 bytes at most."},
           {"by=A&review=2027-01-01&text=" + std::string(2001, 'x'), "2000 bytes at most."},
           {"by=A&review=2027-01-01&text=%E2%80%AEx", "invisible"},
       }) {
    const Response refused = declare("training", fields);
    EXPECT_EQ(refused.status, 422) << fields;
    EXPECT_THAT(refused.body, HasSubstr("Nothing is declared")) << fields;
    EXPECT_THAT(refused.body, HasSubstr(why)) << fields;
  }
  EXPECT_THAT(declare("training", "by=A+B&review=x&text=so+it+is").body, HasSubstr(">so it is</textarea>"));
  EXPECT_EQ(post("/declarations/trainings", kTraining).status, 404);
  EXPECT_EQ(get("/declarations/trainings").status, 404);
  EXPECT_EQ(entries(1), before);
  EXPECT_TRUE(store_->declarations().all().value().empty());
}

TEST_F(DeclarationPages, OthersReadAndDeclareNothing) {
  EXPECT_EQ(declare("training", kTraining).status, 303);
  for (const char* role : {"operator", "auditor"}) {
    if (std::string_view(role) == "auditor") sign_in(officer_);
    become(role);
    const std::string page = get("/declarations").body;
    EXPECT_THAT(page, HasSubstr("On file with personnel."));
    EXPECT_THAT(page, HasSubstr("Officers make them."));
    EXPECT_THAT(page, Not(HasSubstr("href=\"/declarations/"))) << role;
    const std::string one = get("/declarations/premises").body;
    EXPECT_THAT(one, HasSubstr("visitors are escorted"));
    EXPECT_THAT(one, Not(HasSubstr("Declare it"))) << role;
    EXPECT_EQ(post("/declarations/premises", kTraining).status, 403) << role;
  }
  EXPECT_EQ(store_->declarations().all().value().size(), 1U);
}

TEST_F(DeclarationPages, TheConsolesOwnWinsAndTheFileFillsTheRest) {
  write_file(
      "[training]\nsigned = \"2026-01-05\"\nby = \"F. File\"\nreview = \"2027-01-05\"\nnote = \"f\"\n"
      "[premises]\nsigned = \"2026-01-05\"\nby = \"G. File\"\nreview = \"2027-01-05\"\n");
  std::string page = get("/declarations").body;
  for (const char* words : {"27 of 29 are due.", "F. File", "G. File", "in the file "})
    EXPECT_THAT(page, HasSubstr(words));
  EXPECT_EQ(declare("training", kTraining).status, 303);
  page = get("/declarations").body;
  EXPECT_THAT(page, HasSubstr("27 of 29 are due."));
  EXPECT_THAT(page, HasSubstr("A. &lt;Smith&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("F. File")));
  EXPECT_THAT(page, HasSubstr("G. File"));
}

TEST_F(DeclarationPages, AFileThatIsNotSoundIsNeverLeftOut) {
  write_file("[training]\nsigned = \"2026-01-05\"\n");
  const Response page = get("/declarations");
  EXPECT_EQ(page.status, 503);
  EXPECT_THAT(page.body, HasSubstr("training.review is missing"));
  EXPECT_THAT(get("/audit-pack").body, HasSubstr("it cannot be read"));
  const Response pack = post("/audit-pack", "from=2026-03-10&to=2026-03-11");
  EXPECT_EQ(pack.status, 503);
  EXPECT_THAT(pack.body, HasSubstr("training.review is missing"));
}

TEST_F(DeclarationPages, ARowThatWasChangedIsNotBelieved) {
  EXPECT_EQ(declare("training", kTraining).status, 303);
  auto other = Database::open(folder_.path() / "console.db", Database::Mode::kReadWrite).value();
  ASSERT_TRUE(other.execute("UPDATE declaration SET review = '2036-11-22'"));
  const Response page = get("/declarations");
  EXPECT_EQ(page.status, 503);
  EXPECT_THAT(page.body, HasSubstr("declaration training: the review day must come after"));
}

}  // namespace
}  // namespace privyseal::web
