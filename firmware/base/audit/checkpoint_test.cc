#include "firmware/base/audit/checkpoint.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/audit_key.h"

namespace privyseal::audit {
namespace {

const Checkpoint kCheckpoint{
    .origin = "gateway.lawfirm.example/gatewayd", .size = 1234, .root = sha256(bytes_of("x"))};
constexpr std::string_view kText =
    "gateway.lawfirm.example/gatewayd\n1234\nLXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=\n";

/// `text` with `what` replaced by `instead`.
std::string with(std::string_view text, std::string_view what, std::string_view instead) {
  std::string changed(text);
  const auto at = changed.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return changed.replace(at, what.size(), instead);
}

TEST(CheckpointText, IsReadBack) {
  const std::string text = checkpoint_text(kCheckpoint);
  EXPECT_EQ(parse_checkpoint(text).value(), kCheckpoint);
  EXPECT_EQ(text, kText);
}

TEST(CheckpointText, RefusesEverythingElse) {
  const std::string sound = checkpoint_text(kCheckpoint);
  const std::array<std::string, 15> bad{"",
                                        "\n\n\n",
                                        sound + "\n",
                                        sound + "extension\n",
                                        sound.substr(0, sound.size() - 1),
                                        with(sound, "1234", "01234"),
                                        with(sound, "1234", "+1234"),
                                        with(sound, "1234", "-1"),
                                        with(sound, "1234", " 1234"),
                                        with(sound, "1234", "18446744073709551616"),
                                        with(sound, "gateway.", "gate way."),
                                        with(sound, "gateway.", "gate+way."),
                                        with(sound, "=\n", "\n"),
                                        with(sound, "1234\n", "1234\r\n"),
                                        with(sound, "gateway.", std::string(5000, 'x'))};
  for (const std::string& text : bad) EXPECT_FALSE(parse_checkpoint(text).has_value()) << text;
}

TEST(CheckpointNote, IsReadBackAndItsSignatureHolds) {
  test::AuditKey key;
  const std::string note =
      note_of(kCheckpoint, key.public_key().value(), key.sign(checkpoint_text(kCheckpoint)).value());
  const auto parsed = parse_note(note);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->checkpoint, kCheckpoint);
  EXPECT_TRUE(check_signature(*parsed, key.public_key().value()).has_value());
}

TEST(CheckpointNote, IsNotTakenFromAnotherKeyOrForAnotherText) {
  test::AuditKey key;
  test::AuditKey other;
  const std::string note =
      note_of(kCheckpoint, key.public_key().value(), key.sign(checkpoint_text(kCheckpoint)).value());
  auto parsed = parse_note(note).value();
  EXPECT_EQ(check_signature(parsed, other.public_key().value()).error().code, ErrorCode::kDenied);
  EXPECT_EQ(check_signature(parsed, Bytes(3)).error().code, ErrorCode::kInvalid);
  parsed.checkpoint.size = 1235;
  EXPECT_EQ(check_signature(parsed, key.public_key().value()).error().code, ErrorCode::kDenied);
  const std::string foreign_id =
      note_of(kCheckpoint, other.public_key().value(), key.sign(checkpoint_text(kCheckpoint)).value());
  EXPECT_FALSE(check_signature(parse_note(foreign_id).value(), key.public_key().value()).has_value());
}

TEST(CheckpointNote, RefusesWhatIsNotExactlyOne) {
  const Bytes signature(70, std::byte{1});
  const std::string sound = note_of(kCheckpoint, Bytes(3), signature);
  ASSERT_TRUE(parse_note(sound).has_value());
  const std::string line = sound.substr(sound.find("\n\n") + 2);
  for (const std::string& note :
       {std::string(), checkpoint_text(kCheckpoint), checkpoint_text(kCheckpoint) + "\n", sound + line,
        sound + "\n", "\n" + sound, sound.substr(0, sound.size() - 1), with(sound, "\n\n", "\n\n\n"),
        with(sound, "\xe2\x80\x94 ", "- "), with(sound, "\xe2\x80\x94 gateway", "\xe2\x80\x94 getaway"),
        note_of(kCheckpoint, Bytes(3), ByteView())})
    EXPECT_FALSE(parse_note(note).has_value()) << note;
}

}  // namespace
}  // namespace privyseal::audit
