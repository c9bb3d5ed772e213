#include "provisioning/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace privyseal::provisioning {
namespace {

using Kind = Option::Kind;
using Words = std::vector<std::string_view>;

const std::vector<Option> kOptions{
    {.name = "name", .value = "NAME", .help = "a name"},
    {.name = "out", .value = "FILE", .help = "a file", .kind = Kind::kOptional},
    {.name = "dns", .value = "NAME", .help = "names", .kind = Kind::kRepeated},
    {.name = "json", .value = "", .help = "a flag", .kind = Kind::kFlag},
    {.name = "type", .value = "a|b", .help = "one of two", .kind = Kind::kOptional, .choices = {"a", "b"}}};

TEST(Arguments, TakesWhatWasDeclared) {
  const auto arguments =
      Arguments::parse(
          Words{"--dns", "x", "y", "--name", "n", "--json", "--dns=z", "--out=a=b", "--type", "b"}, kOptions)
          .value();
  EXPECT_EQ(arguments.text("name"), "n");
  EXPECT_EQ(arguments.text("out"), "a=b");
  EXPECT_EQ(arguments.text("type"), "b");
  EXPECT_THAT(arguments.texts("dns"), testing::ElementsAre("x", "y", "z"));
  EXPECT_TRUE(arguments.has("json"));
}

TEST(Arguments, WhatMayBeLeftOutIsEmptyThen) {
  const auto arguments = Arguments::parse(Words{"--name", "n", "--dns", "x"}, kOptions).value();
  EXPECT_EQ(arguments.text("out"), "");
  EXPECT_FALSE(arguments.has("out"));
  EXPECT_FALSE(arguments.has("json"));
}

struct BadLine {
  const char* name;
  Words words;
  const char* why;
};
class RefusedLine : public testing::TestWithParam<BadLine> {};
TEST_P(RefusedLine, IsInvalid) {
  const auto arguments = Arguments::parse(GetParam().words, kOptions);
  ASSERT_FALSE(arguments);
  EXPECT_EQ(arguments.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(arguments.error().message, testing::HasSubstr(GetParam().why));
}
INSTANTIATE_TEST_SUITE_P(, RefusedLine,
                         testing::ValuesIn(std::to_array<BadLine>({
                             {"Nothing", {}, "--name is missing"},
                             {"RepeatedMissing", {"--name", "n"}, "--dns is missing"},
                             {"Unknown", {"--nam", "n"}, "unknown option --nam"},
                             {"UnknownWithValue", {"--x=1"}, "unknown option --x"},
                             {"OnlyHyphens", {"--"}, "unknown option --"},
                             {"StrayWord", {"n"}, "unexpected word 'n'"},
                             {"StrayWordAfterAValue", {"--name", "n", "m"}, "unexpected word 'm'"},
                             {"StrayWordAfterAFlag", {"--json", "yes"}, "unexpected word 'yes'"},
                             {"SingleHyphen", {"-name", "n"}, "unexpected word '-name'"},
                             {"NoValueAtTheEnd", {"--name"}, "--name needs a value: NAME"},
                             {"NoValueBeforeTheNext", {"--name", "--json"}, "--name needs a value: NAME"},
                             {"EmptyValue", {"--name="}, "--name needs a value"},
                             {"EmptyWordAsValue", {"--name", ""}, "--name needs a value"},
                             {"NoRepeatedValue", {"--dns", "--json"}, "--dns needs a value"},
                             {"Twice", {"--name", "n", "--name", "n"}, "--name was given twice"},
                             {"FlagTwice", {"--json", "--json"}, "--json was given twice"},
                             {"FlagWithValue", {"--json=1"}, "--json takes no value"},
                             {"NotAChoice", {"--type", "c"}, "--type must be one of a|b"},
                         })),
                         [](const auto& c) { return std::string(c.param.name); });

TEST(Arguments, HelpNamesEveryOption) {
  const std::string help = help_of(kOptions);
  for (const Option& option : kOptions) EXPECT_THAT(help, testing::HasSubstr("--" + option.name));
  EXPECT_THAT(help, testing::HasSubstr("--dns NAME..."));
}

}  // namespace
}  // namespace privyseal::provisioning
