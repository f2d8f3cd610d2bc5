package main

import (
	"database/sql/driver"

	"github.com/jackc/pgx/v5/pgtype"
)

// TextArray is text[]; pgx knows the format.
type TextArray []string

func (a TextArray) Value() (driver.Value, error) {
	if a == nil {
		return nil, nil
	}
	buf, err := pgtype.NewMap().Encode(pgtype.TextArrayOID, pgtype.TextFormatCode, []string(a), nil)
	return string(buf), err
}

func (a *TextArray) Scan(src any) error {
	if src == nil {
		*a = nil
		return nil
	}
	var text []byte
	switch s := src.(type) {
	case string:
		text = []byte(s)
	case []byte:
		text = s
	}
	return pgtype.NewMap().Scan(pgtype.TextArrayOID, pgtype.TextFormatCode, text, (*[]string)(a))
}
