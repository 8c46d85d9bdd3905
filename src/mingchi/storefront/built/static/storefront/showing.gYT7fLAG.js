import{o,D as a}from"./index-DeM247mD.js";function s(s){o(()=>{a.value&&s()})}export{s as o};
