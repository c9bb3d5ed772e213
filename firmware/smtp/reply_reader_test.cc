#include "firmware/smtp/reply_reader.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace privyseal::smtp {
namespace {

void give(ReplyReader& reader, std::string_view text) {
  const auto room = reader.prepare();
  ASSERT_LE(text.size(), room.size());
  std::ranges::copy(bytes_of(text), room.begin());
  reader.commit(text.size());
}

TEST(ReplyReader, GivesEachReplyOnceHoweverTheBytesCome) {
  ReplyReader reader;
  for (const char c : std::string_view("220-box\r\n220 ready\r\n25")) {
    give(reader, {&c, 1});
    const auto reply = reader.next();
    ASSERT_TRUE(reply);
    if (!*reply) continue;
    EXPECT_EQ((*reply)->code, 220);
    EXPECT_EQ((*reply)->lines, (std::vector<std::string>{"box", "ready"}));
    EXPECT_TRUE(reader.is_empty());
  }
  EXPECT_FALSE(reader.is_empty());
  give(reader, "0 one\r\n451 two\r\n");
  EXPECT_EQ(*reader.next().value(), make_reply(250, "", "one"));  // without lines of the one before
  EXPECT_FALSE(reader.is_empty());
  EXPECT_EQ(*reader.next().value(), make_reply(451, "", "two"));
  EXPECT_TRUE(reader.is_empty());
  EXPECT_FALSE(reader.next().value());
}

TEST(ReplyReader, RefusesForEverWhatIsNone) {
  for (const std::string_view text :
       {"220 box\n", "220 b\rox\r\n", "220-box\r\n250 other\r\n", "hello\r\n", "22\r\n"}) {
    ReplyReader reader;
    give(reader, text);
    const auto reply = reader.next();
    ASSERT_FALSE(reply) << text;
    EXPECT_EQ(reply.error().code, ErrorCode::kInvalid) << text;
  }
  ReplyReader endless;
  give(endless, "220 " + std::string(kMaxReplyLine, 'x'));
  EXPECT_FALSE(endless.next());
  EXPECT_FALSE(endless.next());
}

}  // namespace
}  // namespace privyseal::smtp
