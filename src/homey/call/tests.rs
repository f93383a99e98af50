// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;

const ID: &str = "3b0e6c7a-51d4-4f7e-8a90-2c6d1f4b7e01";

#[test]
fn targets_are_those_of_the_fact_sheet() {
    use Call::*;
    let (device, capability) = (ID, "measure_temperature.inside");
    let value = &Value::Bool(true);
    for (call, want) in [
        (
            Ping { hub_id: "5f00aa" },
            "GET /api/manager/system/ping?id=5f00aa",
        ),
        (Ping { hub_id: "" }, "GET /api/manager/system/ping"),
        (System, "GET /api/manager/system"),
        (Session, "GET /api/manager/sessions/session/me"),
        (Devices, "GET /api/manager/devices/device"),
        (Device("d1"), "GET /api/manager/devices/device/d1"),
        (
            Capability { device, capability },
            "GET /api/manager/devices/device/3b0e6c7a-51d4-4f7e-8a90-2c6d1f4b7e01/capability/measure_temperature.inside",
        ),
        (
            SetCapability {
                device: "d1",
                capability: "onoff",
                value,
                duration: None,
            },
            "PUT /api/manager/devices/device/d1/capability/onoff",
        ),
        (Zones, "GET /api/manager/zones/zone"),
        (Flows, "GET /api/manager/flow/flow"),
        (AdvancedFlows, "GET /api/manager/flow/advancedflow"),
        (
            TriggerFlow {
                id: "f1",
                advanced: false,
            },
            "POST /api/manager/flow/flow/f1/trigger",
        ),
        (
            TriggerFlow {
                id: "f1",
                advanced: true,
            },
            "POST /api/manager/flow/advancedflow/f1/trigger",
        ),
        (Moods, "GET /api/manager/moods/mood"),
        (SetMood("m1"), "POST /api/manager/moods/mood/m1/set"),
        (
            FlowCardProbe,
            "GET /api/manager/flow/flowcardtrigger/homey:manager:flow/programmatic_trigger",
        ),
    ] {
        assert_eq!(format!("{} {}", call.method(), call.path().unwrap()), want);
    }
}

#[test]
fn no_id_can_inject() {
    for (id, want) in [
        ("homey:app:x", "homey:app:x"),
        ("a.b_c-d~e", "a.b_c-d~e"),
        ("a/../b", "a%2F..%2Fb"),
        ("a?b#c", "a%3Fb%23c"),
        ("a b\r\nX: y", "a%20b%0D%0AX:%20y"),
        ("a%2Fb", "a%252Fb"),
        ("a|b\0", "a%7Cb%00"),
        ("é", "%C3%A9"),
    ] {
        let path = Call::Device(id).path().unwrap();
        assert_eq!(path, format!("/api/manager/devices/device/{want}"));
    }
    let long = "x".repeat(MAX_TEXT + 1);
    for id in ["", ".", "..", &long] {
        let error = Call::SetMood(id).path().unwrap_err();
        assert_eq!(error, CallError::Id { what: "mood id" });
    }
    let ping = Call::Ping { hub_id: "a&id=b:c" }.path().unwrap();
    assert_eq!(ping, "/api/manager/system/ping?id=a%26id%3Db%3Ac");
}

#[test]
fn bodies_are_the_shortest_json() {
    let body = |value: &Value, duration| {
        let call = Call::SetCapability {
            device: "d",
            capability: "c",
            value,
            duration,
        };
        call.body().map(|b| String::from_utf8(b.unwrap()).unwrap())
    };
    for (value, want) in [
        (Value::Bool(true), r#"{"value":true}"#),
        (Value::Null, r#"{"value":null}"#),
        (Value::Number(0.6), r#"{"value":0.6}"#),
        (Value::Number(21.0), r#"{"value":21}"#),
        (Value::Number(-0.0), r#"{"value":0}"#),
        (Value::Number(-7.25), r#"{"value":-7.25}"#),
        (Value::Number(0.1 + 0.2), r#"{"value":0.30000000000000004}"#),
        (Value::Number(1e300), r#"{"value":1e+300}"#),
        (Value::Text("a\"b\n°".into()), r#"{"value":"a\"b\n°"}"#),
    ] {
        assert_eq!(body(&value, None).unwrap(), want);
    }
    let faded = body(&Value::Number(1.0), Some(2500)).unwrap();
    assert_eq!(faded, r#"{"value":1,"opts":{"duration":2500}}"#);
    for n in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(body(&Value::Number(n), None), Err(CallError::NotFinite));
    }
    assert_eq!(Call::SetMood("m").body(), Ok(Some(b"{}".to_vec())));
    assert_eq!(Call::Devices.body(), Ok(None));
}

#[test]
fn only_what_is_absolute_may_be_repeated() {
    let value = &Value::Bool(true);
    let set = |capability| Call::SetCapability {
        device: "d",
        capability,
        value,
        duration: None,
    };
    assert_eq!(set("onoff").may_repeat(), Repeat::AbsolutePut);
    assert_eq!(set("volume_set").may_repeat(), Repeat::AbsolutePut);
    assert_eq!(set("button.reset").may_repeat(), Repeat::OneShot);
    assert_eq!(set("volume_up").may_repeat(), Repeat::OneShot);
    assert_eq!(Call::Devices.may_repeat(), Repeat::Safe);
    assert!(
        !Call::TriggerFlow {
            id: "f",
            advanced: true
        }
        .is_idempotent()
    );
    assert!(!Call::Ping { hub_id: "h" }.needs_bearer());
    assert!(set("onoff").needs_bearer() && set("onoff").is_idempotent());
    assert_eq!(set("onoff").name(), "set capability onoff of d");
    assert_eq!(Call::SetMood("a\nb").name(), "set mood a b");
}
