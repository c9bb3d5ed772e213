#include "provisioning/evidence/ledger_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format>
#include <string>
#include <utility>
#include <vector>

#include "firmware/base/sha256.h"

namespace privyseal::evidence {
namespace {

using testing::HasSubstr;

/// A ledger and the log that vouches for it, made together.
class LedgerCheckTest : public testing::Test {
 protected:
  static JsonObject row_of(std::int64_t id, std::string_view outcome) {
    return {{"id", id}, {"outcome", outcome}, {"reply", outcome == "open" ? Json(nullptr) : Json("250")}};
  }
  std::uint64_t log(std::string_view action, std::string_view object, const std::string& hash,
                    std::string_view at = "2026-03-01T00:00:00.000Z") {
    log_.push_back(std::format(R"({{"ts":"{}","action":"{}","object":"{}","params_hash":"{}"}})", at, action,
                               object, hash));
    return log_.size() - 1;
  }
  std::uint64_t vouch(std::string_view action, std::int64_t id, std::string_view outcome) {
    const auto text = canonical_text(row_of(id, outcome));
    return log(action, std::format("mail/{}", id), to_hex(sha256(bytes_of(text.value()))));
  }
  void open(std::int64_t id) {
    mails_.push_back({{"id", id},
                      {"row", row_of(id, "open")},
                      {"opened_seq", vouch("mail-opened", id, "open")},
                      {"closed_seq", nullptr}});
  }
  void close(std::int64_t id) {
    for (JsonObject& mail : mails_)
      if (mail["id"] == id) {
        mail["row"] = row_of(id, "delivered");
        mail["closed_seq"] = vouch("mail-closed", id, "delivered");
      }
  }
  /// An entry that says something else, with the hash that fits.
  void say_in(std::size_t seq, std::string_view what, std::string_view instead) {
    log_[seq].replace(log_[seq].find(what), what.size(), instead);
  }
  /// As if it were under way still.
  static void hide_end(JsonObject& mail) {
    mail["row"] = as_opened(mail["row"].as_object());
    mail["closed_seq"] = nullptr;
  }
  /// Three mails under way at once, and one by itself.
  void make() {
    for (const std::int64_t id : {1, 2, 3}) open(id);
    for (const std::int64_t id : {2, 3, 1}) close(id);
    open(4);
    close(4);
  }
  std::string verdict() {
    Mails mails;
    for (const JsonObject& mail : mails_) mails.push_back(mail);
    Lines log;
    for (const std::string& line : log_) log.push_back(line);
    const auto checked = check_ledger(mails, log);
    return checked ? std::format("sound, {} purged", checked->purged) : checked.error().message;
  }

  std::vector<JsonObject> mails_;
  std::vector<std::string> log_;
};

TEST_F(LedgerCheckTest, FindsSoundWhatIsSound) {
  EXPECT_EQ(verdict(), "sound, 0 purged");
  make();
  open(5);
  EXPECT_EQ(verdict(), "sound, 0 purged");
  mails_.erase(mails_.begin());  // before a range
  mails_.pop_back();             // and behind it
  EXPECT_EQ(verdict(), "sound, 0 purged");
}

TEST_F(LedgerCheckTest, NamesTheFirstMailThatIsNotAsRecorded) {
  struct Tampering {
    const char* why;
    std::function<void()> act;
  };
  for (const auto& [why, act] : std::vector<Tampering>{
           {"mail 2: differs from entry 3 of the log",
            [&] { mails_[1]["row"].as_object()["reply"] = "251"; }},
           {"mail 2: differs from entry 1 of the log", [&] { mails_[1]["row"].as_object()["new"] = 1; }},
           {"mail 2: its row is of another mail", [&] { mails_[1]["row"].as_object()["id"] = 3; }},
           {"mail 2: no entry of the log vouches for it", [&] { mails_[1]["opened_seq"] = nullptr; }},
           {"mail 2: closed, but no entry of the log vouches for it",
            [&] { mails_[1]["closed_seq"] = nullptr; }},
           {"mail 2: open, but entry 3 of the log says that it ended", [&] { hide_end(mails_[1]); }},
           {"mail 4: open, but entry 7 of the log says that it ended", [&] { hide_end(mails_[3]); }},
           {"mail 2: entry 0 is about something else", [&] { mails_[1]["opened_seq"] = 0; }},
           {"mail 2: entry 1 is about something else", [&] { mails_[1]["closed_seq"] = 1; }},
           {"mail 2: entry 5 is about something else", [&] { mails_[1]["closed_seq"] = 5; }},
           {"mail 2: entry 1 is about something else", [&] { say_in(1, "mail/2", "mail/3"); }},
           {"mail 2: entry 3 is about something else", [&] { say_in(3, "mail/2", "mail/3"); }},
           {"mail 2: entry 1 is about something else", [&] { say_in(1, "mail-opened", "mail-closed"); }},
           {"mail 2: entry 3 is about something else", [&] { say_in(3, "mail-closed", "mail-held"); }},
           {"mail 4: the signed log has no entry 6", [&] { log_.resize(6); }},
           {"mail 4: the signed log has no entry 7", [&] { log_.resize(7); }},
           {"mail 2: entry 1 cannot be read", [&] { log_[1] = "{"; }},
           {"mail 2: entry 1 is about something else", [&] { std::swap(mails_.front(), mails_.back()); }},
           {"mail 1: entry 0 is about something else", [&] { mails_ = {mails_[3], mails_[0]}; }},
           {"mail 2: entry 1 is about something else", [&] { mails_.insert(mails_.begin() + 1, mails_[1]); }},
           {"mail/2 is in the log (entry 1), but not in the ledger",
            [&] { mails_.erase(mails_.begin() + 1); }},
       }) {
    mails_.clear();
    log_.clear();
    make();
    act();
    EXPECT_THAT(verdict(), HasSubstr(why));
  }
}

TEST_F(LedgerCheckTest, AMailMayBeOpenWhoseEndTheLogDoesNotHave) {
  make();
  log_.resize(4);  // up to the end of mail 2
  mails_.pop_back();
  hide_end(mails_[0]);
  hide_end(mails_[2]);
  EXPECT_EQ(verdict(), "sound, 0 purged");
}

TEST_F(LedgerCheckTest, AMailMayBeMissingThatTheLogSaysWasPurgedInTime) {
  make();
  mails_.erase(mails_.begin() + 1);
  const auto purged = [&](std::string_view mails, std::string_view at) {
    log("mail-purged", mails, "", at);
    const std::string said = verdict();
    log_.pop_back();
    return said;
  };
  EXPECT_EQ(purged("mails/2-2", "2026-09-01T00:00:00.000Z"), "sound, 1 purged");
  EXPECT_EQ(purged("mails/1-57", "2026-09-01T00:00:00.000Z"), "sound, 1 purged");
  EXPECT_EQ(purged("mails/2-2", "2026-08-31T23:59:59.000Z"), "mail/2 was purged after 183 days (entry 8)");
  for (const char* other : {"mails/3-9", "mails/2", "mails/-2", "mail/2-2x"})
    EXPECT_THAT(purged(other, "2027-01-01T00:00:00.000Z"), HasSubstr("but not in the ledger")) << other;
}

/// What is held does not grow with the ledger: a mail is asked for when its entry comes next, and not before.
TEST_F(LedgerCheckTest, AsksForNoMailBeforeTheLogHasComeToIt) {
  for (std::int64_t id = 1; id <= 1000; ++id) {
    open(id);
    close(id);
  }
  std::size_t asked = 0;
  LedgerCheck check([&]() -> Result<std::optional<JsonObject>> {
    return asked == mails_.size() ? std::nullopt : std::optional(mails_[asked++]);
  });
  for (std::size_t seq = 0; seq < log_.size(); ++seq) {
    ASSERT_TRUE(check.add(log_[seq]));
    ASSERT_LE(asked, seq / 2 + 2);
  }
  ASSERT_TRUE(check.finish());
  EXPECT_TRUE(check.verdict());
  EXPECT_EQ(asked, 1000U);
}

TEST_F(LedgerCheckTest, EndsWhenNoMailsCanBeHadAnyMore) {
  make();
  LedgerCheck check([]() -> Result<std::optional<JsonObject>> { return fail(ErrorCode::kTimeout, "x"); });
  EXPECT_EQ(check.add(log_[0]).error().code, ErrorCode::kTimeout);
}

}  // namespace
}  // namespace privyseal::evidence
