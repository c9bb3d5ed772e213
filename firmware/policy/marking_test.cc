#include "firmware/policy/marking.h"

#include <gtest/gtest.h>

#include <vector>

namespace privyseal::policy {
namespace {

const Profile& profile(const char* version = "v10.2") {
  static const Profile kNew = known_profile("v10.2").value();
  static const Profile kOld = known_profile("v9.4").value();
  return std::string_view(version) == "v9.4" ? kOld : kNew;
}

/// "-": none. An exclamation mark: above the ceiling.
std::string shown(const MarkedText& text, const char* version = "v10.2") {
  const MarkingWords& words = profile(version).marking;
  const auto found = marking_in(words, text);
  if (!found) return "-";
  return (found->rank > words.ceiling ? "!" : "") + found->text;
}

struct Case {
  const char* text;
  const char* marking;
};

/// Clauses 1 and 8, and A8.27 of the domain: the vectors.
TEST(Clause1, FindsMarkingsInSubjectsAndNeverInProse) {
  for (const auto& [subject, marking] : std::vector<Case>{
           {"", "-"},
           {"case 12", "-"},
           {"Re: Secret Santa", "-"},
           {"Secret Santa", "-"},
           {"SECRET SANTA PARTY", "-"},
           {"THE COMPANY SECRET", "-"},
           {"Company secretary", "-"},
           {"COMPANY SECRETARY", "-"},
           {"The official version", "-"},
           {"a [Secret Santa] list", "-"},
           {"notes on SECRET things", "-"},
           {"SECRETARY of state", "-"},
           {"TOPSECRET", "-"},
           {"[COMPANY CONFIDENTIAL]", "-"},
           {"COMPANY CONFIDENTIAL", "-"},
           {"COMMERCIAL IN CONFIDENCE - bid", "-"},
           {"PRIVATE", "-"},
           {"PRIVATE AND CONFIDENTIAL", "-"},
           {"Bid - COMPANY CONFIDENTIAL", "-"},
           {"TOP SECRET - op", "!TOP SECRET"},
           {"TOP  SECRET - op", "!TOP SECRET"},
           {"[SECRET]", "!SECRET"},
           {"[Secret]", "!SECRET"},
           {"(top secret) op", "!TOP SECRET"},
           {"UK SECRET", "!SECRET"},
           {"[UK SECRET]", "!SECRET"},
           {"SECRET UK EYES ONLY", "!SECRET"},
           {"SECRET\xE2\x80\x93op", "!SECRET"},
           {"***SECRET***", "!SECRET"},
           {"Re: SECRET", "!SECRET"},
           {"FW: Re: [SECRET] op", "!SECRET"},
           {"Re[2]: SECRET", "!SECRET"},
           {"[secure] SECRET: op", "!SECRET"},
           {"Operation plan SECRET", "!SECRET"},
           {"Operation plan - UK SECRET", "!SECRET"},
           {"OPERATION PLAN (SECRET)", "!SECRET"},
           {"CONFIDENTIAL", "!CONFIDENTIAL"},
           {"OFFICIAL-SENSITIVE [SECRET]", "!SECRET"},
           {"OFFICIAL-SENSITIVE", "OFFICIAL-SENSITIVE"},
           {"OFFICIAL SENSITIVE: case", "OFFICIAL SENSITIVE"},
           {"OFFICIAL-SENSITIVE COMMERCIAL", "OFFICIAL-SENSITIVE"},
           {"case 12 [OFFICIAL-SENSITIVE]", "OFFICIAL-SENSITIVE"},
           {"case 12 [Official-Sensitive: personal]", "OFFICIAL-SENSITIVE"},
           {"case 12 - OFFICIAL-SENSITIVE COMMERCIAL", "OFFICIAL-SENSITIVE"},
           {"OFFICIAL", "OFFICIAL"},
           {"OFFICIAL - case", "OFFICIAL"},
           {"RESTRICTED", "RESTRICTED"},
           {"PROTECT", "PROTECT"},
           {"[UNCLASSIFIED]", "UNCLASSIFIED"},
           {"[", "-"},
           {"]])", "-"},
           {":", "-"},
       }) {
    EXPECT_EQ(shown({.labels = {}, .subjects = {subject}, .first_line = {}}), marking) << subject;
  }
}

TEST(Clause1, HighestOfSeveralSubjectsCounts) {
  EXPECT_EQ(shown({.labels = {}, .subjects = {"OFFICIAL", "[SECRET]"}, .first_line = {}}), "!SECRET");
}

TEST(Clause1, FindsMarkingsInHeaderFields) {
  for (const auto& [value, marking] : std::vector<Case>{
           {"marking=\"SECRET\"; fgcolor=black; type=\":ess\"", "!SECRET"},
           {"OFFICIAL-SENSITIVE", "OFFICIAL-SENSITIVE"},
           {"VER=2018.4, NS=gov.example, SEC=OFFICIAL:Sensitive, ORIGIN=secret@a.example",
            "OFFICIAL:SENSITIVE"},
           {"top secret", "!TOP SECRET"},
           {"secret santa", "-"},
           {";;,=,", "-"},
       }) {
    EXPECT_EQ(shown({.labels = {value}, .subjects = {"OFFICIAL"}, .first_line = {}}),
              std::string(marking) == "-" ? "OFFICIAL" : marking)
        << value;
  }
}

TEST(Clause1, FindsAMarkingThatBeginsTheText) {
  for (const auto& [line, marking] : std::vector<Case>{
           {"SECRET", "!SECRET"},
           {"  UK TOP SECRET // op", "!TOP SECRET"},
           {"[SECRET] the plan", "!SECRET"},
           {"OFFICIAL-SENSITIVE - RECIPIENTS ONLY", "OFFICIAL-SENSITIVE"},
           {"Secret", "-"},
           {"SECRET things are told here", "-"},
           {"Please see [SECRET] annex", "-"},
           {"Dear Bob, this is OFFICIAL", "-"},
       }) {
    EXPECT_EQ(shown({.labels = {}, .subjects = {}, .first_line = line}), marking) << line;
  }
}

/// B2 of the domain: what v9.4 allows.
TEST(Clause1OfV94, AllowsRestrictedAndBelow) {
  for (const auto& [subject, marking] : std::vector<Case>{
           {"RESTRICTED", "RESTRICTED"}, {"PROTECT", "PROTECT"}, {"CONFIDENTIAL", "!CONFIDENTIAL"}}) {
    EXPECT_EQ(shown({.labels = {}, .subjects = {subject}, .first_line = {}}, "v9.4"), marking) << subject;
  }
}

/// FAQ F2: three allowed synonyms.
TEST(FaqF2, SynonymsOfRestrictedPass) {
  for (const char* subject : {"PRIVATE", "COMMERCIAL IN CONFIDENCE", "COMPANY CONFIDENTIAL"}) {
    EXPECT_EQ(shown({.labels = {}, .subjects = {subject}, .first_line = subject}), "-") << subject;
    EXPECT_EQ(shown({.labels = {subject}, .subjects = {}, .first_line = {}}), "-") << subject;
  }
}

TEST(Clause2, FindsHandlingInstructions) {
  const auto has = [](const char* subject, const char* line = "") {
    return has_instruction(profile(), {.labels = {}, .subjects = {subject}, .first_line = line});
  };
  EXPECT_TRUE(has("OFFICIAL-SENSITIVE - RECIPIENTS ONLY"));
  EXPECT_TRUE(has("OFFICIAL-SENSITIVE", "RECIPIENTS ONLY"));
  EXPECT_TRUE(has("[LAWFIRM USE ONLY] case"));
  EXPECT_TRUE(has("EMBARGOED until noon"));
  EXPECT_FALSE(has("OFFICIAL-SENSITIVE"));
  EXPECT_FALSE(has("recipients only"));
  EXPECT_FALSE(has("NONRECIPIENTS ONLYS"));
  EXPECT_FALSE(has("USE ONLYFANS"));
}

}  // namespace
}  // namespace privyseal::policy
