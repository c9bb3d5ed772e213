#include "firmware/smtp/dsn.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace privyseal::smtp {
namespace {

using namespace std::string_literals;

struct Case {
  std::string value;
  bool is_good;
};

void check(bool (*judge)(std::string_view), const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(judge(c.value), c.is_good) << c.value;
}

TEST(Dsn, XtextDecodesToPrintableCharacters) {
  check(is_xtext, {{"", true},
                   {"plain!~<>\\\"", true},
                   {"+2B+3D+20+7E", true},
                   {"a+2Bb", true},
                   {"+", false},
                   {"+2", false},
                   {"a+2", false},
                   {"+2b", false},
                   {"+G0", false},
                   {"+0D+0A", false},
                   {"+00", false},
                   {"+7F", false},
                   {"+80", false},
                   {"+1F", false},
                   {"a=b", false},
                   {"a b", false},
                   {"a\tb", false},
                   {"\xc3\xbc", false},
                   {"a\0b"s, false}});
}

TEST(Dsn, RetIsFullOrHdrs) {
  check(is_dsn_ret, {{"FULL", true}, {"hdrs", true}, {"", false}, {"FULLHDRS", false}, {"FULL,HDRS", false}});
}

TEST(Dsn, EnvidIsAtMost100Characters) {
  check(is_dsn_envid, {{"x", true},
                       {std::string(100, 'x'), true},
                       {std::string(101, 'x'), false},
                       {"", false},
                       {"a+0A", false}});
}

TEST(Dsn, NotifyIsNeverOrEventsOnceEach) {
  check(is_dsn_notify, {{"NEVER", true},
                        {"never", true},
                        {"SUCCESS", true},
                        {"Failure,delay", true},
                        {"DELAY,SUCCESS,FAILURE", true},
                        {"", false},
                        {",", false},
                        {"SUCCESS,", false},
                        {",SUCCESS", false},
                        {"SUCCESS,,DELAY", false},
                        {"SUCCESS,SUCCESS", false},
                        {"SUCCESS,success", false},
                        {"NEVER,SUCCESS", false},
                        {"SUCCESS,NEVER", false},
                        {"SUCCESS;DELAY", false},
                        {"SUCCES", false},
                        {"SUCCESSX", false}});
}

TEST(Dsn, OrcptIsATypeAndXtext) {
  check(is_dsn_orcpt, {{"rfc822;a+2Bb@c.uk", true},
                       {"RFC822;x", true},
                       {"utf-8;gr\\x{FC}@c.uk", true},
                       {"rfc822;gr+C3+BC@c.uk", true},
                       {"rfc822;gr+C3@c.uk", false},
                       {"rfc822;gr+C2+85@c.uk", false},
                       {"rfc822;gr+", false},
                       {"rfc822;gr+C", false},
                       {"utf-8;gr\xc3\xbc@c.uk", false},
                       {"rfc822;" + std::string(493, 'x'), true},
                       {"rfc822;" + std::string(494, 'x'), false},
                       {"", false},
                       {";", false},
                       {";x", false},
                       {"rfc822;", false},
                       {"rfc822", false},
                       {"a@b.uk", false},
                       {"rfc 822;x", false},
                       {"rfc822;a+0D+0Ab", false},
                       {"rfc822;a b", false},
                       {"rfc822;a=b", false}});
}

}  // namespace
}  // namespace privyseal::smtp
