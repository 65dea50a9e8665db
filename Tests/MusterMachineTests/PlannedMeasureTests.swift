// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import Testing

@Suite struct PlannedMeasureTests {
    /// As Muster 0.1 wrote it; a plan's digest is of these bytes, so reading and writing must not change one.
    private static let first =
        #"{"from":{"edge":"started","step":"a"},"id":"m","objectiveMilliseconds":900000,"summary":"M","to":{"edge":"finished","step":"b"}}"#

    @Test(arguments: [
        first,
        #"{"from":{"edge":"started"},"id":"m","summary":"M","to":{"edge":"finished","step":"b"}}"#,
        #"{"id":"m","objectiveMilliseconds":0,"summary":"M","value":{"output":"dataLoss","step":"c","type":"duration"}}"#,
        #"{"id":"m","objectiveAtMost":3,"summary":"M","value":{"output":"lost","step":"c","type":"integer"}}"#,
        #"{"id":"m","objectiveEquals":"CATCH_UP","summary":"M","value":{"output":"state","step":"c","type":"enum"}}"#,
    ])
    func `a measure is read and written byte for byte`(text: String) throws {
        let measure: PlannedMeasure = try JSON.parse(text).decode()
        #expect(try JSON(encoding: measure).canonicalText == text)
    }

    @Test func `an early measure is a clock`() throws {
        let measure: PlannedMeasure = try JSON.parse(Self.first).decode()
        #expect(measure.source == .clock(from: .init(step: "a", edge: .started), to: .init(step: "b", edge: .finished)))
        #expect(measure.objective == .longest(milliseconds: 900_000))
    }

    @Test(arguments: [
        (Objective.longest(milliseconds: 5000), JSON.string("5s"), true as Bool?),
        (.longest(milliseconds: 0), "1ms", false),
        (.longest(milliseconds: 0), "0s", true), (.longest(milliseconds: 5000), "soon", nil),
        (.atMost(3), 3, true), (.atMost(3), .double(3.5), false), (.atMost(3), "3", nil),
        (.equal("CATCH_UP"), "CATCH_UP", true), (.equal("CATCH_UP"), "SEEDING", false), (.equal(true), false, false),
    ])
    func `an objective is held against a value of its kind`(objective: Objective, value: JSON, met: Bool?) {
        #expect(objective.isMet(by: value) == met)
    }
}
