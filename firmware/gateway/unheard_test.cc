#include "firmware/gateway/unheard.h"

#include <gtest/gtest.h>

namespace privyseal::gateway {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow{std::chrono::milliseconds{1772355662345}};

MailIdentity mail_number(std::uint32_t number) {
  MailIdentity mail{};
  for (std::size_t i = 0; i < 4; ++i) mail[i] = static_cast<std::byte>(number >> (8 * i));
  return mail;
}

class UnheardMails : public testing::Test {
 protected:
  void add(std::uint32_t number, WallTime at = kNow) {
    EXPECT_TRUE(unheard_.add(mail_number(number), number, at).empty());
  }
  Unheard unheard_;
};

TEST_F(UnheardMails, AreFoundWhenTheConnectionIsOver) {
  add(7);
  EXPECT_EQ(unheard_.find(mail_number(7), kNow), std::nullopt) << "it may still be about to hear";
  unheard_.lose(mail_number(7));
  EXPECT_EQ(unheard_.find(mail_number(7), kNow), 7);
  EXPECT_EQ(unheard_.find(mail_number(8), kNow), std::nullopt);
  EXPECT_EQ(unheard_.find(mail_number(7), kNow), 7) << "and again, because that 250 may be lost, too";
}

TEST_F(UnheardMails, AreFoundWhenTheConnectionIsSilent) {
  add(7);
  EXPECT_EQ(unheard_.find(mail_number(7), kNow + Unheard::kSilence), std::nullopt);
  EXPECT_EQ(unheard_.find(mail_number(7), kNow + Unheard::kSilence + 1ms), 7);
}

TEST_F(UnheardMails, AreForgottenWhenTheSenderKnows) {
  add(7);
  unheard_.lose(mail_number(7));
  EXPECT_TRUE(unheard_.remove(mail_number(7)));
  EXPECT_FALSE(unheard_.remove(mail_number(7)));
  EXPECT_EQ(unheard_.find(mail_number(7), kNow + 1min), std::nullopt);
  unheard_.lose(mail_number(7));
  EXPECT_EQ(unheard_.find(mail_number(7), kNow + 1min), std::nullopt);
}

TEST_F(UnheardMails, AreForgottenAfterADay) {
  add(7);
  unheard_.lose(mail_number(7));
  EXPECT_EQ(unheard_.find(mail_number(7), kNow + 24h), 7);
  EXPECT_EQ(unheard_.find(mail_number(7), kNow + 24h + 1ms), std::nullopt);
  EXPECT_EQ(unheard_.add(mail_number(8), 8, kNow + 24h + 1ms), std::vector{mail_number(7)});
}

TEST_F(UnheardMails, AMailThatWasSentAgainIsAsYoungAsItsLastSending) {
  add(7);
  add(8, kNow + 1h);
  add(7, kNow + 2h);
  unheard_.lose(mail_number(7));
  EXPECT_EQ(unheard_.find(mail_number(7), kNow + 26h), 7);
  EXPECT_EQ(unheard_.add(mail_number(9), 9, kNow + 25h + 1ms), std::vector{mail_number(8)});
}

TEST_F(UnheardMails, TheOldestGoesWhenThereAreTooMany) {
  for (std::uint32_t i = 0; i < Unheard::kMost; ++i) add(i);
  EXPECT_EQ(unheard_.add(mail_number(Unheard::kMost), 1, kNow), std::vector{mail_number(0)});
  EXPECT_FALSE(unheard_.remove(mail_number(0)));
  EXPECT_TRUE(unheard_.remove(mail_number(1)));
}

}  // namespace
}  // namespace privyseal::gateway
