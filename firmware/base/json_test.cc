#include "firmware/base/json.h"

#include <gtest/gtest.h>

namespace privyseal {
namespace {

struct Case {
  const char* name;
  std::string text;
};

class RefusesJson : public testing::TestWithParam<Case> {};

TEST_P(RefusesJson, ThatIsNotOneObject) {
  const auto parsed = parse_json_object(GetParam().text);
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
}

INSTANTIATE_TEST_SUITE_P(, RefusesJson,
                         testing::ValuesIn(std::to_array<Case>({
                             {"Empty", ""},
                             {"Array", "[1]"},
                             {"Number", "1"},
                             {"Unfinished", R"({"a":1)"},
                             {"SomethingBehind", R"({"a":1} x)"},
                             {"TwoObjects", "{}{}"},
                             {"Comment", "{/* no */}"},
                             {"TrailingComma", R"({"a":1,})"},
                             {"NotUtf8", "{\"a\":\"\xff\"}"},
                             {"ControlByte", "{\"a\":\"\x01\"}"},
                             {"SameMemberTwice", R"({"op":"status","op":"issue"})"},
                             {"SameMemberTwiceDeeper", R"({"a":[{"b":1,"b":2}]})"},
                             {"SameMemberTwiceEscaped", R"({"op":"status","\u006fp":"issue"})"},
                             {"TooDeep", R"({"a":)" + std::string(40, '[') + std::string(40, ']') + "}"},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(Json, KeepsTheOrderOfMembers) {
  EXPECT_EQ(to_text(parse_json_object(R"({ "z": 1, "a": [true, null], "m": "\u00e9" })").value()),
            R"({"z":1,"a":[true,null],"m":"é"})");
}

TEST(Json, TheSameNameMayStandInTwoObjects) {
  EXPECT_TRUE(parse_json_object(R"({"a":{"b":1},"c":{"b":1}})").has_value());
}

TEST(Json, GettersNameTheMemberThatIsWrong) {
  const JsonObject object =
      parse_json_object(R"({"text":"t","number":7,"half":0.5,"flag":true,"list":["a",1],"none":null})")
          .value();
  EXPECT_EQ(json_text(object, "text").value(), "t");
  EXPECT_EQ(json_text(object, "none", "f").value(), "f");
  EXPECT_EQ(json_number(object, "number").value(), 7);
  EXPECT_EQ(json_number(object, "absent", 3, 1, 9).value(), 3);
  EXPECT_TRUE(json_flag(object, "flag", false).value());
  for (const auto& error :
       {json_text(object, "number").error(), json_number(object, "number", 1, 1, 6).error()})
    EXPECT_NE(error.message.find("number"), std::string::npos) << error.message;
  EXPECT_FALSE(json_number(object, "half").has_value());
  EXPECT_FALSE(json_text(object, "absent").has_value());
  EXPECT_FALSE(json_texts(object, "list").has_value());
  EXPECT_FALSE(json_flag(object, "text", false).has_value());
  EXPECT_EQ(json_object(object, "text"), nullptr);
  EXPECT_NE(json_array(object, "list"), nullptr);
}

}  // namespace
}  // namespace privyseal
