import { describe, expect, test } from "vitest";
import { AgentIdentity, type AgentIdentityOptions } from "../../src/identity/agent-identity.js";
import { IDENTITY } from "../support/attested.js";

const options = { modelFamily: "claude-4", modelVersion: "claude-sonnet-4", provider: "anthropic" };

describe("AgentIdentity", () => {
  test("has a SPIFFE ID in its provider's .com domain", () => {
    expect(IDENTITY.toSpiffeId()).toBe("spiffe://anthropic.com/model/claude-sonnet-4");
  });

  test("has a SPIFFE ID in a trust domain of the caller's choice", () => {
    expect(IDENTITY.toSpiffeId("corp.example")).toBe("spiffe://corp.example/model/claude-sonnet-4");
  });

  test("has no SPIFFE ID when a part of it has a character that SPIFFE IDs exclude", () => {
    expect(() => new AgentIdentity({ ...options, provider: "Anthropic" }).toSpiffeId()).toThrow(TypeError);
    expect(() => new AgentIdentity({ ...options, modelVersion: "claude 4" }).toSpiffeId()).toThrow(TypeError);
    expect(() => new AgentIdentity({ ...options, modelVersion: ".." }).toSpiffeId()).toThrow(TypeError);
    expect(() => IDENTITY.toSpiffeId("corp.example:443")).toThrow(TypeError);
  });

  test.each(["modelFamily", "modelVersion", "provider", "deploymentId"] as const)(
    "takes a %s of 1 to 256 characters, and names it when it is anything else",
    (member) => {
      for (const value of ["x", "x".repeat(256), "😀".repeat(256)]) {
        expect(new AgentIdentity({ ...options, [member]: value })[member]).toBe(value);
      }
      for (const value of ["", "x".repeat(257), "😀".repeat(257), 1, null]) {
        expect(() => new AgentIdentity({ ...options, [member]: value } as AgentIdentityOptions)).toThrow(
          member,
        );
      }
    },
  );

  test("needs every member but the deployment", () => {
    expect(new AgentIdentity(options).deploymentId).toBeUndefined();
    for (const member of ["modelFamily", "modelVersion", "provider"]) {
      expect(() => new AgentIdentity({ ...options, [member]: undefined } as AgentIdentityOptions)).toThrow(
        member,
      );
    }
  });
});
