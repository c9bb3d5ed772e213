#include "firmware/policy/route.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace privyseal::policy {
namespace {

Route route() {
  auto created =
      Route::create({"lawfirm.example", "Chambers.Example."},
                    {{"york.cjsm.net", "lawfirm.example"}, {"YORK-2.cjsm.net", "chambers.example"}});
  EXPECT_TRUE(created.has_value());
  return *created;
}

smtp::Address address(std::string_view text) {
  const auto parsed = smtp::parse_mailbox(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(smtp::Address{"unparsed", "invalid"});
}

/// The address that is passed on, or the refusal's id.
std::string shown(const std::expected<smtp::Address, Refusal>& decision) {
  return decision ? to_string(*decision) : std::string(text_of(decision.error()).id);
}

struct Case {
  const char* recipient;
  const char* decision;
};

TEST(RouteOut, CarriesToCjsmOnlyAndKeepsTheSuffix) {
  for (const auto& [recipient, decision] : std::vector<Case>{
           {"bob@police.example.cjsm.net", "bob@police.example.cjsm.net"},
           {"Bob@POLICE.Example.CJSM.NET", "Bob@police.example.cjsm.net"},
           {"x@york.cjsm.net", "x@york.cjsm.net"},
           {"x@cjsm.net", "x@cjsm.net"},
           {"carol@lawfirm.example.cjsm.net", "carol@lawfirm.example.cjsm.net"},  // own copies go out as well
           {"\"b c\"@police.example.cjsm.net", "\"b c\"@police.example.cjsm.net"},
           {"bob@police.example", "recipient-not-cjsm"},
           {"carol@lawfirm.example", "recipient-not-cjsm"},
           {"x@evilcjsm.net", "recipient-not-cjsm"},
           {"x@a.cjsm.net.evil.example", "recipient-not-cjsm"},
           {"x@cjsm.network", "recipient-not-cjsm"},
           {"\"a@b.cjsm.net\"@evil.example", "recipient-not-cjsm"},
           {"x%a.cjsm.net@lawfirm.example", "recipient-not-cjsm"},
           {"Postmaster", "recipient-not-cjsm"},
           {"x%evil.example@police.example.cjsm.net", "recipient-routes-further"},
           {"\"x@evil.example\"@police.example.cjsm.net", "recipient-routes-further"},
           {"evil.example!x@police.example.cjsm.net", "recipient-routes-further"},
       }) {
    EXPECT_EQ(shown(route().recipient_out(address(recipient))), decision) << recipient;
  }
}

TEST(RouteOut, TakesOurSendersOnly) {
  for (const char* sender : {"alice@lawfirm.example", "alice@LAWFIRM.example.", "alice@chambers.example",
                             "alice@lawfirm.example.cjsm.net", "alice@york.cjsm.net"}) {
    EXPECT_EQ(route().refuses_sender_out(address(sender)), std::nullopt) << sender;
  }
  EXPECT_EQ(route().refuses_sender_out(std::nullopt), std::nullopt);  // a bounce
  for (const char* sender : {"alice@evil.example", "alice@sub.lawfirm.example", "alice@evillawfirm.example",
                             "bob@police.example.cjsm.net", "alice@lawfirm.example.cjsm.net.cjsm.net",
                             "alice@lawfirm.example.evil", "x@cjsm.net", "x@leeds.cjsm.net",
                             "\"alice@lawfirm.example\"@evil.example", "postmaster"}) {
    EXPECT_EQ(route().refuses_sender_out(address(sender)), Refusal::kSenderNotOurs) << sender;
  }
}

TEST(RouteIn, CarriesToOurDomainsOnlyAndNeverStripsBlindly) {
  for (const auto& [recipient, decision] : std::vector<Case>{
           {"alice@lawfirm.example.cjsm.net", "alice@lawfirm.example"},
           {"Alice@LawFirm.Example.CJSM.net.", "Alice@lawfirm.example"},
           {"alice@lawfirm.example", "alice@lawfirm.example"},
           {"alice@chambers.example.cjsm.net", "alice@chambers.example"},
           {"alice@york.cjsm.net", "alice@lawfirm.example"},
           {"alice@york-2.cjsm.net", "alice@chambers.example"},
           {"Postmaster", "postmaster@lawfirm.example"},
           {"\"a b\"@york.cjsm.net", "\"a b\"@lawfirm.example"},
           {"alice@leeds.cjsm.net", "recipient-not-ours"},
           {"alice@york", "recipient-not-ours"},
           {"alice@cjsm.net", "recipient-not-ours"},
           {"alice@police.example.cjsm.net", "recipient-not-ours"},
           {"alice@police.example", "recipient-not-ours"},
           {"alice@sub.lawfirm.example.cjsm.net", "recipient-not-ours"},
           {"alice@lawfirm.example.cjsm.net.cjsm.net", "recipient-not-ours"},
           {"alice@york.cjsm.net.cjsm.net", "recipient-not-ours"},
           {"alice@lawfirm.examplecjsm.net", "recipient-not-ours"},
           {"alice@evillawfirm.example.cjsm.net", "recipient-not-ours"},
           {"x%evil.example@lawfirm.example.cjsm.net", "recipient-routes-further"},
           {"\"x@evil.example\"@lawfirm.example", "recipient-routes-further"},
           {"evil!x@york.cjsm.net", "recipient-routes-further"},
       }) {
    EXPECT_EQ(shown(route().recipient_in(address(recipient))), decision) << recipient;
  }
}

struct BadSetting {
  const char* name;
  std::vector<std::string> own_domains;
  std::vector<Mapping> mappings;
  const char* error;
};

const std::vector<BadSetting> kBadRouteCases{
    {"NoDomain", {}, {}, "own domains: none given"},
    {"EmptyDomain", {""}, {}, "own domain: not a domain"},
    {"NotADomain", {"a b"}, {}, "own domain: not a domain"},
    {"AnAddress", {"alice@lawfirm.example"}, {}, "own domain: not a domain"},
    {"OwnIsCjsm", {"cjsm.net"}, {}, "own domain: belongs to CJSM"},
    {"OwnBelowCjsm", {"lawfirm.example.cjsm.net"}, {}, "own domain: belongs to CJSM"},
    {"MappingOutsideCjsm", {"a.example"}, {{"york.example", "a.example"}}, "mapping: not below cjsm.net"},
    {"MappingOfAllCjsm", {"a.example"}, {{"cjsm.net", "a.example"}}, "mapping: not below cjsm.net"},
    {"MappingEvil", {"a.example"}, {{"evilcjsm.net", "a.example"}}, "mapping: not below cjsm.net"},
    {"MappingToStranger", {"a.example"}, {{"york.cjsm.net", "b.example"}}, "mapping: not an own domain"},
    {"MappingNotADomain", {"a.example"}, {{"yo rk.cjsm.net", "a.example"}}, "mapping: not a domain"},
    {"MappingTwice",
     {"a.example", "b.example"},
     {{"york.cjsm.net", "a.example"}, {"YORK.cjsm.net", "b.example"}},
     "mapping: has a meaning already"},
    {"MappingAgainstTheRule",
     {"a.example", "b.example"},
     {{"a.example.cjsm.net", "b.example"}},
     "mapping: has a meaning already"},
};

TEST(BadRoute, IsNotCreated) {
  for (const BadSetting& c : kBadRouteCases) {
    SCOPED_TRACE(c.name);
    const auto created = Route::create(c.own_domains, c.mappings);
    ASSERT_FALSE(created.has_value());
    EXPECT_EQ(created.error().code, ErrorCode::kInvalid);
    EXPECT_TRUE(created.error().message.starts_with(c.error)) << created.error().message;
  }
}

}  // namespace
}  // namespace privyseal::policy
