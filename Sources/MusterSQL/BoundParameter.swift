// SPDX-License-Identifier: Apache-2.0

internal import CODBC

/// A parameter's value in memory that stays where it is while the driver may read it.
final class BoundParameter {
    private let memory: UnsafeMutableRawBufferPointer
    private let length: UnsafeMutablePointer<SQLLEN>
    private let cType: Int32
    private let type: Int32
    /// Characters or bytes; never 0, which drivers refuse.
    private let size: Int

    init(_ value: SQLValue) {
        func bytes<Value: BitwiseCopyable>(of values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
        let content: [UInt8]
        switch value {
        case .null: (content, cType, type, size) = ([], SQL_C_WCHAR, SQL_WVARCHAR, 1)
        case .boolean(let value): (content, cType, type, size) = ([value ? 1 : 0], SQL_C_BIT, SQL_BIT, 1)
        case .integer(let value): (content, cType, type, size) = (bytes(of: [value]), SQL_C_SBIGINT, SQL_BIGINT, 19)
        case .number(let value): (content, cType, type, size) = (bytes(of: [value]), SQL_C_DOUBLE, SQL_DOUBLE, 15)
        case .text(let value):
            let units = Array(value.utf16)
            // What SQL Server takes in a column that is not `max`.
            (content, cType, type) = (
                bytes(of: units), SQL_C_WCHAR, units.count > 4000 ? SQL_WLONGVARCHAR : SQL_WVARCHAR
            )
            size = max(1, units.count)
        case .bytes(let value):
            (content, cType, type) = (value, SQL_C_BINARY, value.count > 8000 ? SQL_LONGVARBINARY : SQL_VARBINARY)
            size = max(1, value.count)
        }
        memory = .allocate(byteCount: max(1, content.count), alignment: 8)
        memory.copyBytes(from: content)
        length = .allocate(capacity: 1)
        length.initialize(to: value == .null ? SQLLEN(SQL_NULL_DATA) : content.count)
    }

    deinit {
        memory.deallocate()
        length.deallocate()
    }

    /// - Parameter position: counts from 1.
    func bind(to statement: SQLHANDLE, at position: Int) -> SQLRETURN {
        SQLBindParameter(
            statement, SQLUSMALLINT(position), SQLSMALLINT(SQL_PARAM_INPUT), SQLSMALLINT(cType), SQLSMALLINT(type),
            SQLULEN(size), 0, memory.baseAddress, memory.count, length)
    }
}
